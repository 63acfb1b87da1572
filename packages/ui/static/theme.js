// Sets the chosen colours before the first paint; the choice itself is made in
// app.js. Without a choice the device decides.
try {
  const theme = localStorage.getItem("openhouse-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; then the device decides.
}
