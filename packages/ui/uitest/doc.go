// Package uitest looks at pages with a real browser: how they are drawn, whether
// the console stays silent under the content security policy, what the
// accessibility checker says, how many bytes a first visit costs, and whether
// everything works without JavaScript.
//
// One Chromium serves a whole test binary; every page gets a profile of its own.
// Where there is no Chromium the test is skipped, unless REQUIRE_BROWSER=1 asks
// for a failure. CHROMIUM names the program if it isn't found by itself. For
// tests only: no shipped binary imports this package.
package uitest
