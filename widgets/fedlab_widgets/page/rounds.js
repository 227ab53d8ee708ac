// The runs' numbers on the page: `rounds` holds them, and messages {append} add to it.

/** Add rounds to a run's columns, from round number `at` on; false if there is a gap before them. */
function append(all, { run, at, x, accuracy, loss, backdoor = [] }) {
  const own = at && all[run] ? all[run] : { x: {}, accuracy: [], loss: [], backdoor: [] };
  if (own.accuracy.length < at) return false;
  const add = (column, more) => (column.splice(at), column.push(...more), column);
  for (const name of Object.keys(x)) own.x[name] = add(own.x[name] ?? [], x[name]);
  add(own.accuracy, accuracy);
  add(own.loss, loss);
  add(own.backdoor, backdoor);
  all[run] = own;
  return true;
}

function initialize({ model }) {
  const have = () => {
    const rounds = Object.entries(model.get("rounds")).map(([run, own]) => [run, own.accuracy.length]);
    tell(model, "have", { rounds: Object.fromEntries(rounds) });
  };
  const end = listen(model, (message) => {
    if (message.append && !append(model.get("rounds"), message.append)) have();
  });
  have(); // what came while this file was on its way
  return end;
}
