// Package chromium signs a person in on the pages of the stand-in with a real browser, an installed headless Chromium.
// It is for tests and the demo.
package chromium

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Find returns the path of Chromium, or of a browser based on it.
func Find() (path string, found bool) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// Visit is what a person does in a browser with a fresh profile.
type Visit struct {
	// Address is what the browser opens.
	Address string
	// Press is the decision on the sign-in page, "allow" or "deny". If it is empty, nothing is pressed, and
	// the visit ends at the address.
	Press string
}

// Seen is what the browser shows at the end of the visit.
type Seen struct {
	// URL is what the address bar shows, even if nothing answers there.
	URL string
	// Title and Text are those of the page, without markup.
	Title, Text string
	// History contains the addresses behind the Back button, and then the one in the address bar.
	History []string
	// Console contains the console messages of all pages, such as those about blocked styles and failed requests.
	Console []string
}

// Run makes the visit. It ends when the last page has loaded or could not be loaded.
func (v Visit) Run(ctx context.Context) (seen Seen, err error) {
	path, found := Find()
	if !found {
		return Seen{}, errors.New("there is no Chromium in PATH")
	}
	home, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		return Seen{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	ctx, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Env("HOME="+home, "TMPDIR="+home), // Chromium leaves files in both.
		// The sandbox does not work as root or in most containers. The browser only opens pages of this machine.
		chromedp.NoSandbox,
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1"),
	)...)
	defer stop()
	ctx, closeTab := chromedp.NewContext(ctx)
	defer closeTab()

	seen, err = v.browse(ctx)
	if err != nil {
		return Seen{}, fmt.Errorf("visiting the sign-in page with %s: %w", path, err)
	}
	return seen, chromedp.Cancel(ctx)
}

func (v Visit) browse(ctx context.Context) (seen Seen, err error) {
	if err := chromedp.Do(ctx); err != nil { // starts the browser; if that fails, the actions below must not start it again
		return Seen{}, err
	}
	messages := chromedp.Console(ctx)
	if err := chromedp.Do(ctx, chromedp.Navigate(v.Address)); err != nil {
		return Seen{}, err
	}
	if v.Press != "" {
		button := fmt.Sprintf("button[name=decision][value=%q]", v.Press)
		// Click would wait for a button that is not there.
		there, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q) !== null", button)))
		if err == nil && !there {
			err = fmt.Errorf("the page has no %s", button)
		}
		if err != nil {
			return Seen{}, err
		}
		if _, err := chromedp.Run(ctx, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Click(chromedp.CSS(button)))); err != nil {
			return Seen{}, err
		}
	}
	if seen, err = look(ctx); err != nil {
		return Seen{}, err
	}
	// The browser reports console messages in order, so a last message marks the end of the visit.
	const end = "end of the visit"
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void]("console.log('"+end+"')")); err != nil {
		return Seen{}, err
	}
	for message, err := range messages {
		if err != nil {
			return Seen{}, err
		}
		if message.Text == end {
			break
		}
		seen.Console = append(seen.Console, message.String())
	}
	return seen, nil
}

// look reads what the browser shows. The address is taken from the history, because the browser shows its own page in
// place of one that cannot be loaded.
func look(ctx context.Context) (seen Seen, err error) {
	entries, err := chromedp.Run(ctx, chromedp.NavigationEntries())
	if err != nil {
		return Seen{}, err
	}
	for _, entry := range entries.Entries[:entries.CurrentIndex+1] {
		seen.History = append(seen.History, entry.URL)
	}
	seen.URL = seen.History[entries.CurrentIndex]
	if seen.Title, err = chromedp.Run(ctx, chromedp.Title()); err != nil {
		return Seen{}, err
	}
	seen.Text, err = chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	return seen, err
}

// String returns a line for each value, which begins with the name of the value.
func (s Seen) String() string {
	var lines strings.Builder
	write := func(what string, texts ...string) {
		for _, text := range texts {
			fmt.Fprintf(&lines, "%s: %s\n", what, text)
		}
	}
	write("url", s.URL)
	write("title", s.Title)
	write("history", s.History...)
	write("console", s.Console...)
	write("text", strings.FieldsFunc(s.Text, func(r rune) bool { return r == '\n' })...)
	return lines.String()
}
