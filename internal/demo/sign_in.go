package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin/chromium"
)

// browserCommand makes this program the browser of the demo.
const browserCommand = "browser"

// lastPage is where the browser leaves what its last page says.
const lastPage = "last-page"

// browse opens address in Chromium, and presses Allow in place of the person.
func browse(ctx context.Context, file, address string) error {
	seen, err := chromium.Visit{Address: address, Press: "allow"}.Run(ctx)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(file+"~", []byte(seen.Text), 0o600), os.Rename(file+"~", file))
}

// awaitPage returns what browse writes. The run does not wait for the browser to be closed.
func awaitPage(ctx context.Context, file string) (text []byte, err error) {
	for ctx, stop := context.WithTimeout(ctx, time.Minute); ; {
		if text, err = os.ReadFile(file); err == nil || ctx.Err() != nil {
			stop()
			return text, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// signInByClick applies the configuration, while the provider opens the browser.
func signInByClick(ctx context.Context, c *cli, server *standin.Server, path string) error {
	redirectURI, err := server.RegisterLoopback(ctx)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	page := filepath.Join(c.directory, lastPage)
	c.environment = append(c.environment,
		"GOTO_REDIRECT_URI="+redirectURI, "GOTO_INTERACTIVE_LOGIN=true",
		strings.Join([]string{"BROWSER=" + program, browserCommand, page}, " "),
	)
	say("The browser is %s, without a window. The demo presses Allow in it.", path)
	if err := apply(ctx, c, server); err != nil {
		return err
	}
	text, err := awaitPage(ctx, page)
	if err != nil {
		return fmt.Errorf("the browser has left no page: %w", err)
	}
	say("The browser shows at the end:")
	show(string(text), everything)
	return nil
}

// signInByPaste does what a person does who has no browser on this machine: opens the address in the error elsewhere,
// presses Allow, and pastes the address that the browser lands on.
func signInByPaste(ctx context.Context, c *cli, server *standin.Server, step func(string)) error {
	step("Apply it: nobody has signed in, so it stops and says where to do that")
	printed, err := c.run(ctx, "apply", "-auto-approve")
	_, message, found := strings.Cut(printed, "Error: No stored login")
	address := authorizeURL.FindString(message)
	if err == nil || !found || address == "" {
		return fmt.Errorf("apply was to stop and say where to sign in: %w", errors.Join(err, errors.New(printed)))
	}
	show("Error: No stored login\n\n"+strings.Trim(message, "\r\n"), everything)

	step("Sign in: open that address and press Allow")
	say("There is no Chromium here, so the demo sends what a browser would send.")
	landed, err := postAllow(ctx, address)
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	say("A browser lands on %s", shortened(landed))
	say("There need not be a page. The address has a code in it, of which the demo shows the beginning.")

	step("Apply again with that address")
	return apply(ctx, c, server, "-var", "callback_url="+landed)
}

var (
	authorizeURL = regexp.MustCompile(`\S+/oauth/authorize\?\S+`)
	everything   = regexp.MustCompile(``)
)

// postAllow presses Allow without a browser. The page that it leads to need not exist, so it is not opened.
func postAllow(ctx context.Context, address string) (landed string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(url.Values{"decision": {"allow"}}.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	return response.Header.Get("Location"), response.Body.Close()
}
