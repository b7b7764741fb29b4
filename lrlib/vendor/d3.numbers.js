// What d3-scale needs of d3-interpolate. The original can also mix colours, which a bundle would then carry along.
export const interpolateNumber = (a, b) => ((a = +a), (b = +b), (t) => a * (1 - t) + b * t);
export { interpolateNumber as interpolate, interpolateNumber as interpolateRound, interpolateNumber as piecewise };
