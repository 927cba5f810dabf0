// Keeps "in 3 h 10 min" and the clocks of the queue fresh, silently, every half minute.

const span = (seconds, [d, h, m], tiny) => {
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days) return hours ? `${days}${d} ${hours}${h}` : `${days}${d}`;
  if (hours) return minutes ? `${hours}${h} ${minutes}${m}` : `${hours}${h}`;
  return minutes ? `${minutes}${m}` : tiny;
};

// The server's page may be a demo with a clock of its own: only the time that passed since it was drawn is added.
const offset = Date.now() - Date.parse(document.documentElement.dataset.now ?? new Date().toISOString());

const tick = () => {
  const now = Date.now() - offset;
  for (const time of document.querySelectorAll("time[data-left], time[data-ticks]")) {
    const left = Math.trunc((Date.parse(time.dateTime) - now) / 1000);
    const late = left < 0;
    if (time.hasAttribute("data-left")) {
      time.textContent = (late ? "\u2212" : "") + span(Math.abs(left), ["d", "h", "m"], "<1m");
    } else {
      const words = span(Math.abs(left), [" d", " h", " min"], "less than a minute");
      time.textContent = late ? `${words} late` : `in ${words}`;
    }
    if (late) time.closest(".clock")?.classList.replace("neutral", "danger") || time.closest(".clock")?.classList.replace("warn", "danger");
  }
};

setInterval(tick, 30_000);
addEventListener("pageshow", (event) => event.persisted && tick());
