package browser

import (
	"os"
	"path/filepath"
	"testing"

	"openhouse.example/packages/ui/uitest"
)

// pictureLimit is the most that a picture of the README may weigh, in bytes.
const pictureLimit = 150 << 10

// TestPictures makes the two pictures of the README, in the folder PICTURES or, without one, only to see that they
// still can be made and are light.
func TestPictures(t *testing.T) {
	t.Parallel()
	browser := uitest.Start(t)
	w := newWorld(t)
	folder := os.Getenv("PICTURES")
	if folder == "" {
		folder = t.TempDir()
	} else if !filepath.IsAbs(folder) {
		folder = filepath.Join(w.root(), folder)
	}
	for _, picture := range []struct {
		file, address string
		view          uitest.View
	}{
		{"developer-portal.png", w.Developer.URL + w.longview + "/homes", uitest.View{Width: 1280, Height: 780, Cookies: w.staffCookies}},
		{"tenant-portal.png", w.Tenant.URL + "/", uitest.View{Width: 390, Height: 844, Cookies: w.enter(w.resident)}},
	} {
		p := browser.Open(t, picture.address, picture.view)
		says(t, p, "14 Longview Park")
		path := filepath.Join(folder, picture.file)
		p.ScreenshotView(path)
		switch info, err := os.Stat(path); {
		case err != nil:
			t.Error(err)
		case info.Size() > pictureLimit:
			t.Errorf("%s has %d bytes, more than %d", picture.file, info.Size(), pictureLimit)
		default:
			t.Logf("%s has %d bytes", path, info.Size())
		}
	}
}
