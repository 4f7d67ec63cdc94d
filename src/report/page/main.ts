import { drawCoefficients } from "./coefficients.ts";
import { readData } from "./frame.ts";
import { drawHeatmaps } from "./heatmap.ts";
import { drawProgress } from "./progress.ts";
import { drawReplyTimes } from "./reply-times.ts";
import { drawSpending } from "./spending.ts";

const { runs } = readData();
drawProgress(runs);
drawCoefficients(runs);
drawHeatmaps(runs);
drawReplyTimes(runs);
drawSpending(runs);
