// How a played story may end: what the cells of the abort table expect.

/** As if nothing had been asked. */
export const onBlue = {
  is: 'rest',
  phase: 'idle',
  attached: [1, 2],
  traffic: ['shop-r41'],
  runs: ['shop-r41'],
  removed: ['shop-r42'],
  problems: [],
};
export const onGreen = {
  is: 'rest',
  phase: 'idle',
  attached: [3, 4],
  traffic: ['shop-r42'],
  runs: ['shop-r42'],
  problems: [],
};
export const bothKept = { runs: ['shop-r41', 'shop-r42'], removed: [], problems: [] };
export const held = { is: 'rest', phase: 'held' };
