/** Keeps the screen awake while it is looked at. Plain-http LAN origins have no wake lock; the tablet's own setting must do then. */

export function keepAwake(): void {
  const lock = navigator.wakeLock as WakeLock | undefined;
  if (lock === undefined) return;
  const request = () => {
    if (document.visibilityState !== "visible") return;
    lock.request("screen").catch((error: unknown) => console.warn("the screen may fall asleep", error));
  };
  document.addEventListener("visibilitychange", request);
  request();
}
