-- Where tables and figures stand in the PDF: those inside `::: here` stay in their place, and
-- `::: flush` sets all that float before it. Other outputs have the content alone.
local function typst(text)
  return pandoc.RawBlock("typst", text)
end

function Div(div)
  if div.classes:includes("here") then
    local blocks = div.content
    if FORMAT == "typst" then
      blocks:insert(1, typst("#show figure: set figure(placement: none)"))
      blocks:insert(typst("#show figure: set figure(placement: auto)"))
    end
    return blocks
  end
  if div.classes:includes("flush") then
    return FORMAT == "typst" and { typst("#place.flush()") } or {}
  end
end
