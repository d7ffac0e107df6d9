package chromium

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var screens = map[string]struct{ width, height int64 }{
	"desktop": {1024, 720},
	"phone":   {390, 844},
}

// takePictures takes a screenshot of the whole page for each screen and color scheme.
func (v Visit) takePictures(ctx context.Context, name string) error {
	if v.Pictures == "" {
		return nil
	}
	for screen, size := range screens {
		for _, scheme := range []string{"light", "dark"} {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			if err != nil {
				return err
			}
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(size.width, size.height)); err != nil {
				return err
			}
			picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err != nil {
				return err
			}
			file := filepath.Join(v.Pictures, fmt.Sprintf("%s-%s-%s.png", name, screen, scheme))
			if err := os.WriteFile(file, picture, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}
