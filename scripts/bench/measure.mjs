/** Runs `work` a few times after one run that does not count; gives the median, least and most of what it returns. */
export async function median(work, runs = 5) {
  await work();
  const values = [];
  for (let run = 0; run < runs; run += 1) values.push(await work());
  values.sort((a, b) => a - b);
  return { median: round(values[runs >> 1]), min: round(values[0]), max: round(values[runs - 1]) };
}

/** Seconds that `work` takes, for itself alone. */
export async function seconds(work) {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

/** Three significant digits: the machine is not more exact than that. */
export const round = (value) => Number(value.toPrecision(4));
