package signin

import (
	"context"
	"errors"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/cli/browser"
)

// automationAdvice says what an unattended run can use instead. The message also shows an address to sign in at, which
// helps only if the next run uses the same token cache.
const automationAdvice = "Use a personal access token (GOTO_PERSONAL_ACCESS_TOKEN), or share the token cache of a machine where someone has signed in"

// check returns the redirect URI, or an error that says why a browser sign-in is impossible here.
func (f *Flow) check(redirectURI string) (*url.URL, error) {
	redirect, err := url.Parse(redirectURI)
	switch {
	case err != nil || redirectURI == "":
		return nil, errors.New("there is no redirect_uri. Set it to the loopback redirect URI that is registered for the OAuth client, such as http://localhost:8976/callback")
	case !IsLoopback(redirectURI):
		return nil, errors.New("the redirect_uri " + redirectURI + " is not a loopback address. Register a loopback address such as http://localhost:8976/callback for the OAuth client, and use it")
	case isSet(f.Getenv("CI")):
		return nil, errors.New("CI is set, so nobody is expected to watch this run. " + automationAdvice)
	case isSet(f.Getenv("TF_IN_AUTOMATION")):
		return nil, errors.New("TF_IN_AUTOMATION is set, so nobody is expected to watch this run. " + automationAdvice)
	case !f.hasDisplay():
		return nil, errors.New("there is no display (DISPLAY, WAYLAND_DISPLAY), and BROWSER is not set")
	case f.Getenv("BROWSER") != "" && !namesProgram(f.Getenv("BROWSER")):
		return nil, errors.New("BROWSER does not name a program that can be run: " + f.Getenv("BROWSER"))
	}
	return redirect, nil
}

func isSet(value string) bool {
	return value != "" && value != "0" && !strings.EqualFold(value, "false")
}

// hasDisplay reports whether a browser can open. Windows, macOS and WSL always have a desktop.
func (f *Flow) hasDisplay() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	return slices.ContainsFunc([]string{"BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"},
		func(name string) bool { return f.Getenv(name) != "" })
}

// loopback returns the addresses to listen on for a host: both families for localhost, because browsers try either. It
// returns none for an address in an unusual spelling, because browsers send the usual spelling as Host.
func loopback(host string) []string {
	switch host = strings.ToLower(host); host {
	case "localhost":
		return []string{"127.0.0.1", "::1"}
	case "127.0.0.1", "::1":
		return []string{host}
	}
	return nil
}

// IsLoopback reports whether a redirect URI leads a browser back to its own machine, without TLS.
func IsLoopback(redirectURI string) bool {
	redirect, err := url.Parse(redirectURI)
	return err == nil && redirect.Scheme == "http" && len(loopback(redirect.Hostname())) > 0
}

// openBrowser opens address in a program that BROWSER names, or in the desktop's browser. A failure does not end the
// sign-in, because the person can open the address by hand. Nothing is opened once ctx is done.
func (f *Flow) openBrowser(ctx context.Context, address string) {
	f.log(ctx, "waiting for a person to sign in", map[string]any{"url": address})
	go func() {
		if err := f.open(ctx, address); err != nil && ctx.Err() == nil {
			f.log(ctx, "no browser could be opened; open the URL by hand", map[string]any{"url": address, "error": err.Error()})
		}
	}()
}

// discardBrowserOutput keeps the desktop's browser from writing to the provider's output, which the CLI reads. The
// output is not a pipe, because many browsers outlive the provider.
var discardBrowserOutput = sync.OnceFunc(func() { browser.Stdout, browser.Stderr = nil, nil })

// splitCommand splits a program in BROWSER, which is a path or a command with arguments.
func splitCommand(program string) []string {
	if _, err := exec.LookPath(program); err == nil { // it may have spaces
		return []string{program}
	}
	return strings.Fields(program)
}

// namesProgram reports whether one of a list of programs exists. Without one, the address would not be opened.
func namesProgram(programs string) bool {
	return slices.ContainsFunc(filepath.SplitList(programs), func(program string) bool {
		words := splitCommand(program)
		if len(words) == 0 {
			return false
		}
		_, err := exec.LookPath(words[0])
		return err == nil
	})
}

// open runs the programs of a list until one succeeds or ctx is done. A program is a path or a command with arguments.
// The address replaces %s, or is added as the last argument.
func open(ctx context.Context, programs, address string) (err error) {
	if programs == "" {
		discardBrowserOutput()
		return browser.OpenURL(address)
	}
	for _, program := range filepath.SplitList(programs) {
		words := splitCommand(program)
		if len(words) == 0 {
			continue
		}
		if !strings.Contains(program, "%s") {
			words = append(words, "%s")
		}
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "%s", address)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err = exec.Command(words[0], words[1:]...).Run(); err == nil { //nolint:gosec,noctx // the user's own program, which may stay open
			return nil
		}
	}
	return err
}
