// What d3-scale needs of d3-interpolate and d3-format. The originals can also mix colours and write numbers in a
// hundred ways, which a bundle would carry along; the figure writes its numbers itself (formatNumber).
export const interpolateNumber = (a, b) => ((a = +a), (b = +b), (t) => a * (1 - t) + b * t);
export { interpolateNumber as interpolate, interpolateNumber as interpolateRound, interpolateNumber as piecewise };
export const format = () => String;
export { format as formatPrefix, format as formatSpecifier, format as precisionFixed, format as precisionPrefix, format as precisionRound };
