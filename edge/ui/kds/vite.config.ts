/** Built by `npm run build`; see edge/ui/vite.ts. */

import { defineConfig } from "vite";
import { appConfig } from "../vite.ts";

export default defineConfig(appConfig("kds"));
