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

// browserCommand makes this program the browser of the demo.
const browserCommand = "browser"

// openBrowsers lets the provider open this program as its browser. The last page will be in the file.
func (d *demo) openBrowsers(ctx context.Context) (file string, err error) {
	redirectURI, err := d.server.RegisterLoopback(ctx)
	if err != nil {
		return "", err
	}
	program, err := os.Executable()
	file = filepath.Join(d.cli.Directory, "last-page")
	d.cli.Environment = append(d.cli.Environment,
		"CI=", // would say that nobody is there to sign in; the demo is
		"GOTO_REDIRECT_URI="+redirectURI, "GOTO_INTERACTIVE_LOGIN=true",
		strings.Join([]string{"BROWSER=" + program, browserCommand, file}, " "))
	return file, err
}

// browse opens address in Chromium, presses Allow in place of the person, and writes what the last page says to file.
func browse(ctx context.Context, file, address string) error {
	seen, err := chromium.Visit{Address: address, Press: "allow"}.Run(ctx)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(file+"~", []byte(seen.Text), 0o600), os.Rename(file+"~", file))
}

// awaitPage returns what browse writes. The run does not wait for the browser to be closed.
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
