-- What each output makes of figures, tables and fenced divs. The sources hold nothing raw: it is
-- added here alone.
--   ::: in-short   a box with the finding
--   ::: here       in the PDF, figures and tables stay in their place; elsewhere the content alone
--   ::: flush      in the PDF, all that float is set before what follows
local LINE, LONG = 120, 40 -- characters of a table's line, and lines beyond which a table may break over pages of the PDF
local texts = {} -- name of a figure to its title and alternative text

local function raw(text)
  return pandoc.RawBlock(FORMAT, text)
end

local function read(path)
  local file = io.open(path)
  if not file then
    return nil
  end
  local content = file:read("a")
  file:close()
  return content
end

local function decoded(path)
  local content = read(path)
  return content and pandoc.json.decode(content, false) or {}
end

local function between(open, blocks, close)
  blocks:insert(1, raw(open))
  blocks:insert(raw(close))
  return blocks
end

-- Figures ----------------------------------------------------------------------------------------

local function bare(name, ending)
  local path = "figures/bare/" .. name .. ending
  return read(path) and path or "figures/" .. name .. ending
end

local function address(name)
  if FORMAT == "latex" then
    return "../" .. bare(name, ".pdf")
  elseif FORMAT == "gfm" then
    return "../figures/" .. name .. ".png"
  elseif FORMAT == "typst" then
    return bare(name, ".svg")
  end
  return "figures/html/" .. name .. ".svg"
end

function Image(image)
  local name = image.src:match("^figures/([%w_]+)$")
  if not name then
    return nil
  end
  local known = texts[name]
  image.src = address(name)
  image.attributes.alt = known and known.alt or pandoc.utils.stringify(image.caption)
  return image
end

local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("%s+", " ") .. '"'
end

function Figure(figure)
  local image = figure.content[1].content[1]
  if FORMAT == "gfm" then
    image.caption = { pandoc.Str(image.attributes.alt) }
    image.attributes = {}
    return { pandoc.Para({ image }), table.unpack(figure.caption.long) }
  elseif FORMAT == "typst" then -- its writer knows no alternative text
    local drawn = string.format(
      "#figure(image(%s, width: %s, alt: %s), caption: [",
      quoted(image.src), image.attributes.width or "100%", quoted(image.attributes.alt)
    )
    return between(drawn, figure.caption.long:clone(), "])")
  elseif FORMAT == "html5" then
    figure.attributes.tabindex = "0" -- it scrolls on a phone
    return figure
  end
end

-- A screen reader reads a formula as it is written in TeX.
function Math(formula)
  if FORMAT == "typst" then
    local open = "#[#set math.equation(alt: " .. quoted(formula.text) .. ");"
    return { pandoc.RawInline("typst", open), formula, pandoc.RawInline("typst", "];") }
  end
end

-- Tables -----------------------------------------------------------------------------------------

local function lines_of(row, columns)
  local most = 1
  for number, cell in ipairs(row.cells) do
    local width = columns[number][2] or 1 / #columns
    most = math.max(most, math.ceil(utf8.len(pandoc.utils.stringify(cell)) / (width * LINE)))
  end
  return most
end

local function is_long(made)
  local lines = 0
  for _, body in ipairs(made.bodies) do
    for _, row in ipairs(body.body) do
      lines = lines + lines_of(row, made.colspecs)
    end
  end
  return lines > LONG
end

function Table(made)
  local caption = made.caption.long:clone()
  if FORMAT == "typst" and is_long(made) then
    return between("#long-table[", pandoc.Blocks({ made }), "]")
  elseif FORMAT == "gfm" then
    made.caption.long = {}
    return { table.unpack(caption), made }
  elseif FORMAT == "html5" then
    made.caption.long = {}
    local label = pandoc.utils.stringify(caption):match("^%w+ %w+") or "Table"
    local region = pandoc.Div({ made }, pandoc.Attr("", { "scroll" }, { -- pairs in order: the order of a table's keys changes from run to run
      { "role", "region" }, { "tabindex", "0" }, { "aria-label", label },
      { "style", "--columns: " .. #made.colspecs },
    }))
    return pandoc.Div({ pandoc.Div(caption, { class = "caption" }), region }, { class = "table" })
  end
end

-- Fenced divs ------------------------------------------------------------------------------------

local BOX = {
  typst = { "#in-short[", "]" },
  latex = { "\\begin{leftbar}", "\\end{leftbar}" },
}

function Div(div)
  if div.classes:includes("in-short") then
    div.content:insert(1, pandoc.Para({ pandoc.Strong("In short") }))
    if BOX[FORMAT] then
      return between(BOX[FORMAT][1], div.content, BOX[FORMAT][2])
    elseif FORMAT == "gfm" then
      return pandoc.BlockQuote(div.content)
    end
    div.attributes.role, div.attributes["aria-label"] = "note", "In short"
    return div
  elseif div.classes:includes("here") then
    if FORMAT == "typst" then
      return between("#in-place[", div.content, "]")
    end
    return div.content
  elseif div.classes:includes("flush") then
    return FORMAT == "typst" and { raw("#place.flush()") } or {}
  end
end

-- The whole text ---------------------------------------------------------------------------------

local function inlines(text)
  return pandoc.MetaInlines({ pandoc.Str(text) })
end

function Meta(meta)
  texts = decoded("figures/figures.json")
  local front = decoded("front.json")
  local authors = pandoc.List(front.authors or {})
  meta.author = authors:map(inlines)
  meta.version = inlines(front.version or "")
  if FORMAT == "typst" then
    meta["author-string"] = authors:map(function(author)
      return pandoc.MetaInlines({ pandoc.RawInline("typst", quoted(author)) })
    end)
  elseif FORMAT == "latex" then
    local day = pandoc.Inlines(meta.date or {})
    day:extend({ pandoc.Str(". Version " .. (front.version or "")) })
    meta.date = pandoc.MetaInlines(day)
  end
  return meta
end

function Pandoc(doc) -- bibtex sets a heading of its own
  local last = doc.blocks[#doc.blocks]
  if FORMAT == "latex" and last and last.t == "Header" and last.classes:includes("unnumbered") then
    doc.blocks:remove()
  end
  return doc
end

return { { Meta = Meta }, { Image = Image }, { Figure = Figure, Math = Math, Table = Table, Div = Div, Pandoc = Pandoc } }
