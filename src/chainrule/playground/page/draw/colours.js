// Colours that the colour-blind tell apart, on a light ground and on a dark one.

const dark = matchMedia("(prefers-color-scheme: dark)");
const again = [];
dark.addEventListener("change", () => again.forEach((act) => act()));

/** Call `act` when the ground turns. */
export const onTurn = (act) => again.push(act);

const GROUND = { light: [255, 255, 255], dark: [20, 23, 28] };
const CLASSES = {
  light: [[213, 94, 0], [0, 114, 178], [0, 140, 100], [168, 71, 127], [120, 105, 0], [75, 75, 192], [90, 98, 108], [122, 46, 46]],
  dark: [[240, 160, 48], [86, 180, 233], [60, 207, 164], [236, 159, 203], [229, 216, 74], [176, 176, 255], [195, 202, 211], [255, 156, 146]],
};
/** Cividis (Nunez et al. 2018). */
const CIVIDIS = ["00224e", "002e6c", "1e3a6f", "35456c", "47516c", "575d6d", "666970", "757575", "848279", "948e77", "a59c74", "b7a96e", "c8b866", "dbc75a", "eed649", "fee838"]
  .map((one) => [0, 2, 4].map((at) => parseInt(one.slice(at, at + 2), 16)));

const theme = () => (dark.matches ? "dark" : "light");
export const ground = () => GROUND[theme()];
export const ofClass = (number) => CLASSES[theme()][number % 8];
export const css = ([red, green, blue]) => `rgb(${red} ${green} ${blue})`;

/** From one colour to another, 0 to 1. */
export const mixed = (from, to, share) => from.map((one, place) => Math.round(one + (to[place] - one) * share));

/** From -1 to 1: from the first class's colour over the ground to the second's. */
export function diverging(value) {
  const share = Math.min(Math.abs(value), 1) * 0.8;
  return mixed(ground(), ofClass(value < 0 ? 0 : 1), share);
}

/** From 0 to 1, from dark to light. */
export function cividis(value) {
  const at = Math.max(0, Math.min(value, 1)) * (CIVIDIS.length - 1), low = Math.min(Math.floor(at), CIVIDIS.length - 2);
  return mixed(CIVIDIS[low], CIVIDIS[low + 1], at - low);
}

/** 256 colours of a scale between two values, to look up. */
export function scale(colour, low, high) {
  const table = Array.from({ length: 256 }, (_, place) => colour(low + ((high - low) * place) / 255));
  return (value) => table[Math.max(0, Math.min(255, Math.round(((value - low) / (high - low)) * 255)))];
}
