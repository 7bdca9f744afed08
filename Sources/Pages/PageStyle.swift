/// The style sheet of every page: system fonts, light and dark, one column on a phone, whole rows on paper. Blue and orange of
/// Okabe and Ito, which colour-blind eyes tell apart; a sign and words say the same as every colour.
let pageStyle = """
  :root { --ink: #1c2127; --soft: #586370; --line: #d8dee5; --paper: #fff; --raised: #f4f6f8; --good: #0067a3;
    --bad: #b84d00; --tint: #b84d0012; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e6e9ec; --soft: #9aa6b2; --line: #38414b; --paper: #13171b; --raised: #1c2228; --good: #62b8ec;
      --bad: #f0a030; --tint: #f0a03014; }
  }
  * { box-sizing: border-box; }
  html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
  body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.5rem 3rem; background: var(--paper); color: var(--ink);
    font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
  h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 1rem; text-wrap: balance; }
  h2 { font-size: 1.4rem; margin: 2.75rem 0 .25rem; padding-top: 1.75rem; border-top: 1px solid var(--line); }
  main > section:first-child h2 { margin-top: 1.75rem; }
  h3 { font-size: 1rem; margin: 2rem 0 .5rem; }
  a { color: var(--good); text-underline-offset: .15em; }
  :focus-visible { outline: 2px solid var(--good); outline-offset: 2px; }
  .summary { margin: 0 0 1.25rem; font-size: 1.05rem; }
  .note, footer { color: var(--soft); font-size: .9rem; max-width: 65ch; }
  footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); }
  dl, dd { margin: 0; }
  dt { color: var(--soft); font-size: .8125rem; }
  .facts { display: flex; flex-wrap: wrap; gap: .6rem 2rem; font-size: .9375rem; }
  .facts dd { overflow-wrap: anywhere; }
  .cards { display: grid; grid-template-columns: repeat(8, 1fr); gap: .75rem; }
  .cards div { background: var(--raised); border-radius: .6rem; padding: .7rem .8rem; }
  .cards dd { font-size: 1.25rem; font-weight: 650; white-space: nowrap; font-variant-numeric: tabular-nums; }
  .scroll { overflow-x: auto; margin-top: 1.5rem; }
  details { margin-top: 1rem; color: var(--soft); }
  .overview { border-collapse: collapse; width: 100%; font-size: .9375rem; font-variant-numeric: tabular-nums; }
  .overview th, .overview td { text-align: right; padding: .45rem .7rem; border-bottom: 1px solid var(--line);
    white-space: nowrap; font-weight: 400; }
  .overview thead th { color: var(--soft); font-size: .8125rem; }
  .overview th:first-child { text-align: left; padding-left: 0; }
  .overview td:last-child, .overview th:last-child { padding-right: 0; }
  .overview tfoot th, .overview tfoot td { border-bottom: 0; font-weight: 650; }
  @media (max-width: 62rem) { .cards { grid-template-columns: repeat(4, 1fr); } }
  @media (max-width: 44rem) {
    body { padding: 1.25rem 1rem 2rem; }
    h1 { font-size: 1.45rem; }
    .cards { grid-template-columns: repeat(2, 1fr); gap: .5rem; }
    .facts { display: grid; grid-template-columns: 1fr 1fr; gap: .6rem 1rem; }
  }
  @media print {
    :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --raised: #f4f4f4; --good: #0067a3;
      --bad: #b84d00; }
    body { max-width: none; padding: 0; font-size: 11pt; }
    * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    .scroll { overflow: visible; }
    .overview { font-size: .8rem; }
    .overview th, .overview td { padding: .3rem .35rem; }
    tr, .cards { break-inside: avoid; }
    h2, h3 { break-after: avoid; }
  }
  @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
  """
