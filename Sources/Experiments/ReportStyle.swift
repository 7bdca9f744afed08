/// The report's style sheet: system fonts, light and dark, one column on a phone.
let reportStyle = """
  :root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6470; --line: #d9dee4; --paper: #ffffff;
    --raised: #f5f7f9; --good: #0072b2; --bad: #d55e00; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8ebee; --soft: #9aa5b1; --line: #333b44; --paper: #14181c;
    --raised: #1d2329; --good: #56b4e9; --bad: #e69f00; } }
  * { box-sizing: border-box; }
  body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
    font: 16px/1.5 system-ui, sans-serif; }
  h1 { font-size: 1.7rem; margin: 0 0 .75rem; line-height: 1.2; } h2 { font-size: 1.35rem; margin: 2.5rem 0 .75rem;
    padding-top: 1rem; border-top: 1px solid var(--line); } h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
  a { color: var(--good); } .note, footer, dt, figcaption, .card span { color: var(--soft); font-size: .875rem; }
  footer { margin: 2.5rem 0 1rem; } .facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 0 0 1rem; }
  .facts dd { margin: 0; font-size: .95rem; overflow-wrap: anywhere; }
  .scroll { overflow-x: auto; } .overview { border-collapse: collapse; width: 100%; font-size: .95rem; }
  .overview th, .overview td { text-align: right; padding: .4rem .6rem; border-bottom: 1px solid var(--line);
    font-variant-numeric: tabular-nums; white-space: nowrap; } .overview th { color: var(--soft); font-weight: 500; }
  .overview th:first-child, .overview td:first-child { text-align: left; padding-left: 0; }
  .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; }
  .card { background: var(--raised); border-radius: .6rem; padding: .75rem 1rem; }
  .card b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
  svg { display: block; width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 12px; }
  .pictures { display: grid; gap: .75rem; }
  article { display: grid; grid-template-columns: minmax(9rem, 1fr) repeat(3, minmax(0, 13rem)); gap: .75rem;
    padding: .75rem; background: var(--raised); border-radius: .6rem; border-left: 4px solid var(--line); }
  article.right { border-left-color: var(--good); } article.wrong { border-left-color: var(--bad); }
  .words { display: flex; flex-direction: column; gap: .15rem; min-width: 0; }
  .score { font-size: 1.15rem; font-variant-numeric: tabular-nums; } .verdict { font-size: .9rem; }
  article.wrong .verdict { color: var(--bad); font-weight: 600; }
  .name { color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
  figure { margin: 0; min-width: 0; } img { display: block; width: 100%; border-radius: .35rem; }
  figure.none { display: grid; place-items: center; border: 1px dashed var(--line); border-radius: .35rem; }
  @media (max-width: 44rem) { body { padding: 1rem; } article { grid-template-columns: repeat(3, minmax(0, 1fr)); }
    .words { grid-column: 1 / -1; } }
  """
