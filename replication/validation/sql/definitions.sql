-- The study's definitions, as small tables. shares.py fills them from definitions.toml.

CREATE TABLE country_group (country_group VARCHAR, attributed BOOLEAN); -- not attributed: no country
CREATE TABLE country (code VARCHAR, country_group VARCHAR);             -- ISO 3166-1 code or class
CREATE TABLE estimand (estimand VARCHAR, panel_column VARCHAR, exclusion VARCHAR); -- NULL: none
CREATE TABLE exclusion (exclusion VARCHAR, kind VARCHAR);               -- kinds of rules left out
CREATE TABLE family (family VARCHAR, namespace VARCHAR, country_group VARCHAR); -- a share within it
