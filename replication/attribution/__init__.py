"""Attribution: who is credited with a download, and to which country group that counts."""
