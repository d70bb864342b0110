/** How both apps are built: into `edge/ui/dist/<app>/`, served by the box under `/<app>/`. */

import type { UserConfig } from "vite";

/** Vite's settings of one app; `npm run dev` talks to a box at COMANDA_BOX (default http://127.0.0.1:8000). */
export function appConfig(app: "pos" | "kds"): UserConfig {
  const box = process.env["COMANDA_BOX"] ?? "http://127.0.0.1:8000";
  return {
    base: `/${app}/`,
    build: {
      outDir: `../dist/${app}`,
      emptyOutDir: true,
      target: "es2022",
      modulePreload: { polyfill: false },
    },
    server: { proxy: { "/v1": { target: box, ws: true }, "/healthz": box } },
  };
}
