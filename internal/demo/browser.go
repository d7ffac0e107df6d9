package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin/chromium"
)

// browserCommand is the argument that makes this program the browser of the demo.
const browserCommand = "browser"

// useThisBrowser makes this program the provider's browser. It returns the file that will contain the last page.
func (d *demo) useThisBrowser(ctx context.Context) (file string, err error) {
	redirectURI, err := d.server.RegisterLoopback(ctx)
	if err != nil {
		return "", err
	}
	program, err := os.Executable()
	file = filepath.Join(d.cli.Directory, "last-page")
	d.cli.Environment = append(d.cli.Environment,
		"CI=", // if CI is set, the provider opens no browser
		"GOTO_REDIRECT_URI="+redirectURI, "GOTO_INTERACTIVE_LOGIN=true",
		strings.Join([]string{"BROWSER=" + program, browserCommand, file}, " "))
	return file, err
}

// browse opens address in Chromium, presses Allow, and writes the text of the last page to file.
func browse(ctx context.Context, file, address string) error {
	seen, err := chromium.Visit{Address: address, Press: "allow"}.Run(ctx)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(file+"~", []byte(seen.Text), 0o600), os.Rename(file+"~", file))
}

// awaitPage waits for the text that browse writes. The run itself does not wait for the browser.
func awaitPage(ctx context.Context, file string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	for {
		text, err := os.ReadFile(file)
		if err == nil || ctx.Err() != nil {
			return string(text), err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}
