/// What the report needs beside the style sheet of every page.
let reportStyle = """
  .scores { display: block; overflow: visible; }
  .scores text { fill: var(--soft); font-size: 12.5px; font-variant-numeric: tabular-nums; }
  .scores .band { fill: var(--ink); font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
  .scores .above { fill: var(--tint); }
  .scores .axis { stroke: var(--line); }
  .scores line.limit { stroke: var(--ink); stroke-dasharray: 5 4; }
  .scores text.limit { fill: var(--ink); }
  .scores circle { fill-opacity: .7; stroke: var(--paper); stroke-width: 1; }
  .scores .good { fill: var(--good); }
  .scores .bad { fill: var(--bad); }
  .filters { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem; border: 0; margin: 0 0 .75rem; padding: 0; }
  .filters legend { float: left; color: var(--soft); font-size: .875rem; padding: 0; margin-right: .5rem; }
  .filters input { position: absolute; opacity: 0; }
  .filters span { display: block; padding: .25rem .8rem; border: 1px solid var(--line); border-radius: 2rem;
    font-size: .875rem; cursor: pointer; }
  .filters b { font-weight: 400; color: var(--soft); margin-left: .2rem; }
  .filters input:checked + span { background: var(--ink); border-color: var(--ink); color: var(--paper); }
  .filters input:checked + span b { color: inherit; }
  .filters input:focus-visible + span { outline: 2px solid var(--good); outline-offset: 2px; }
  section:has(input[value=wrong]:checked) tr.right, section:has(input[value=bad]:checked) tr.good,
  section:has(input[value=good]:checked) tr.bad { display: none; }
  .legend { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .6rem; color: var(--soft);
    font-size: .8125rem; margin-bottom: .75rem; }
  .scale { position: relative; width: 11rem; height: .7rem; border-radius: .35rem; background: linear-gradient(90deg,
    #000004, #1b0c41, #4a0c6b, #781c6d, #a52c60, #cf4446, #ed6925, #fb9b06, #f7d13d, #fcffa4); }
  .scale i { position: absolute; top: -.2rem; bottom: -.2rem; width: 2px; background: var(--ink); }
  .legend em { font-style: normal; display: flex; align-items: center; gap: .4rem; margin-left: .75rem; }
  .line { width: 1.5rem; height: .75rem; border-radius: .15rem; background: linear-gradient(#53315e 40%, #fff 40% 60%,
    #53315e 60%); }
  .line.cyan { background: linear-gradient(#53315e 40%, #00dcff 40% 60%, #53315e 60%); }
  .pictures { border-collapse: separate; border-spacing: 0 .6rem; width: 100%; table-layout: fixed; }
  .pictures thead th { color: var(--soft); font-size: .8125rem; font-weight: 400; text-align: left; padding: 0 .4rem; }
  .pictures th:first-child { width: 13.5rem; padding-left: 1rem; }
  .pictures td { background: var(--raised); padding: .6rem .4rem; vertical-align: top; }
  .pictures td:last-child { border-radius: 0 .6rem .6rem 0; }
  .pictures .words { border-left: 4px solid var(--line); border-radius: .6rem 0 0 .6rem; padding: .8rem; }
  .pictures .right .words { border-left-color: var(--good); }
  .pictures .wrong .words { border-left-color: var(--bad); }
  .words > * { display: block; }
  .verdict { font-size: .9375rem; font-weight: 600; }
  .wrong .verdict { color: var(--bad); }
  .score { font-size: 1.5rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
  .relative, .name { color: var(--soft); font-size: .8125rem; overflow-wrap: anywhere; }
  .name { margin-top: .4rem; }
  .pictures img { display: block; width: 100%; max-height: 24rem; object-fit: contain; border-radius: .35rem; }
  .none span { display: grid; place-items: center; min-height: 9rem; border: 1px dashed var(--line);
    border-radius: .35rem; color: var(--soft); font-size: .875rem; }
  .pictures .threshold td { background: none; border: 0; border-radius: 0; padding: .2rem 0; text-align: center;
    font-size: .875rem; }
  .threshold td::before { content: ""; display: block; border-top: 2px dashed var(--ink); margin-bottom: .3rem; }
  @media (max-width: 44rem) {
    .pictures thead { display: none; }
    .pictures, .pictures tbody { display: block; }
    .pictures tr { display: grid; grid-template-columns: repeat(3, 1fr); margin-bottom: .75rem; border-radius: .6rem;
      background: var(--raised); border-left: 4px solid var(--good); padding: .35rem; }
    .pictures tr.wrong { border-left-color: var(--bad); }
    .pictures td, .pictures td:last-child { padding: .25rem; background: none; }
    .pictures .words { grid-column: 1 / -1; border: 0; display: grid; grid-template-columns: 1fr auto; gap: 0 1rem;
      align-items: baseline; padding: .25rem .4rem .4rem; }
    .words .score { text-align: right; font-size: 1.2rem; }
    .words .relative { grid-row: 2; grid-column: 2; text-align: right; }
    .words .name { grid-row: 2; grid-column: 1; margin: 0; }
    .pictures tr.threshold { display: block; background: none; border: 0; padding: 0; }
    .none span { min-height: 5rem; text-align: center; }
    .legend em { margin-left: 0; }
  }
  @media print {
    .filters { display: none; }
    .scores { break-inside: avoid; }
    .pictures img { max-height: 5.5cm; }
  }
  """
