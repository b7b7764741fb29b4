export { scaleLinear, scaleLog } from "d3-scale";
export { axisBottom, axisLeft } from "d3-axis";
export { contours } from "d3-contour";
export { drag } from "d3-drag";
export { select } from "d3-selection";
