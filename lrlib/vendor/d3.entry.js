export { scaleLinear, scaleLog, scaleSymlog } from "d3-scale";
export { line } from "d3-shape";
export { axisBottom, axisLeft } from "d3-axis";
export { contours } from "d3-contour";
export { drag } from "d3-drag";
export { select, pointer } from "d3-selection";
