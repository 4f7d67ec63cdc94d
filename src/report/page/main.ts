import { drawCoefficients } from "./coefficients.ts";
import { readData } from "./frame.ts";
import { drawPictures } from "./picture.ts";
import { drawProgress } from "./progress.ts";
import { drawSpending } from "./spending.ts";
import { drawTimes } from "./times.ts";

const { runs } = readData();
drawProgress(runs);
drawCoefficients(runs);
drawPictures(runs);
drawTimes(runs);
drawSpending(runs);
