package cache_test

import (
	"errors"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

func TestFileLocations(t *testing.T) {
	t.Parallel()

	for _, test := range []struct{ goos, location, want string }{
		{"linux", "file:///var/cache/goto", "/var/cache/goto"},
		{"linux", "FILE:///var/cache/goto/", "/var/cache/goto"},
		{"linux", "file:///a/../b", "/b"},
		{"linux", "file:///with%20space/100%25/%3F%23", "/with space/100%/?#"},
		{"linux", "file:///with space/ä", "/with space/ä"},
		{"linux", "file:/var/cache", "/var/cache"},
		{"linux", "file:///C:/dir", "/C:/dir"},
		{"darwin", "file:///Users/x/~y", "/Users/x/~y"},
		{"windows", "file:///C:/Users/x%20y/cache", `C:\Users\x y\cache`},
		{"windows", `file:///c:/Users\x`, `c:\Users\x`},
		{"windows", "file:///C:/100%25/%3F%23/%C3%A4", `C:\100%\?#\ä`},
		{"windows", "file:///C%3A/cache", `C:\cache`},
		{"windows", "FILE:///C:/", `C:\`},
	} {
		if got, err := cache.ParseLocation(test.location, test.goos); err != nil || got != test.want {
			t.Errorf("%s on %s: %q, %v; want %q", test.location, test.goos, got, err, test.want)
		}
	}
}

func TestWrongLocationsAreExplained(t *testing.T) {
	t.Parallel()

	for _, test := range []struct{ goos, location, problem, remedy string }{
		{"linux", "/var/cache", "not a URL", `"file:///var/cache"`},
		{"linux", "cache", "not a URL", "three slashes"},
		{"linux", "./a:b", "not a URL", "three slashes"},
		{"linux", "~/cache", "not a URL", "three slashes"},
		{"linux", "Off", "not a URL", `"off"`},
		{"linux", `C:\cache`, "not a URL", `"file:///C:/cache"`},
		{"windows", "C:/cache", "not a URL", `"file:///C:/cache"`},
		{"linux", "file://relative", "host", "three slashes"},
		{"linux", "file://~/x", "host", "three slashes"},
		{"linux", "file://$HOME/x", "host", "three slashes"},
		{"linux", "file://user@/x", "host", "three slashes"},
		{"linux", "file:relative", "whole path", "three slashes"},
		{"linux", "file:", "whole path", "three slashes"},
		{"linux", "file://", "whole path", "three slashes"},
		{"linux", "file:///a?b", "query", "%3F"},
		{"linux", "file:///a?", "query", "%3F"},
		{"linux", "file:///a#b", "fragment", "%23"},
		{"linux", "file:///a#", "fragment", "%23"},
		{"linux", "file:///~/x", "~", "home"},
		{"linux", "file:///100%", "escape", "three slashes"},
		{"linux", "file:///a\x00b", "control character", "three slashes"},
		{"linux", "s3://bucket/path", "not known", `"off"`},
		{"linux", "https://example.com", "not known", `"off"`},
		{"windows", "file:///cache", "drive", "file:///C:/cache"},
		{"windows", `C:\cache`, "not a URL", `"file:///C:/cache"`},
		{"windows", `\\server\share`, "not a URL", "three slashes"},
		{"windows", `%LocalAppData%\cache`, "not a URL", "three slashes"},
		{"windows", "file://server/share", "host", "three slashes"},
		{"windows", "file:////server/share", "drive", "file:///C:/cache"},
		{"windows", "file://C:/cache", "host", "three slashes"},
		{"windows", `file:///C:\cache`, "drive", "file:///C:/cache"},
		{"windows", "file:///C:cache", "drive", "file:///C:/cache"},
		{"windows", "file:C:/cache", "whole path", "three slashes"},
	} {
		path, err := cache.ParseLocation(test.location, test.goos)
		var wrong *cache.LocationError
		if !errors.As(err, &wrong) || path != "" {
			t.Errorf("%s on %s: %q, %v; want a LocationError", test.location, test.goos, path, err)
			continue
		}
		wantParts(t, wrong.Error(), test.problem)
		wantParts(t, wrong.Remedy, test.remedy)
	}
}

func TestPasswordsInLocationsAreNotRepeated(t *testing.T) {
	t.Parallel()

	for _, location := range []string{"s3://key:hunter2@bucket/", "https://key:hunter2@%zz", "redis:hunter2",
		"file://user:hunter2@host/cache", "file://user:hunter2@/cache", "file://hunter2@/cache", "file://user:hunter2@%zz/", "FILE://u:hunter2%zz@h/"} {
		if _, err := cache.OpenLocation(location, cache.DirectoryOptions{}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

func TestOpeningALocationTouchesNoDisk(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "cache")
	slashed := filepath.ToSlash(path)
	if runtime.GOOS == "windows" {
		slashed = "/" + slashed
	}
	storage, err := cache.OpenLocation((&url.URL{Scheme: "file", Path: slashed}).String(), cache.DirectoryOptions{})
	must(t, err)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("opening made a directory: %v", err)
	}
	must(t, lock(t, storage, key)())
	write(t, storage, key, sealer, "x")
	wantPlaintext(t, openDirectory(t, path, cache.DirectoryOptions{}), key, sealer, "x")
}

func TestOffKeepsNothing(t *testing.T) {
	t.Parallel()

	storage, err := cache.OpenLocation("off", cache.DirectoryOptions{})
	must(t, err)
	if storage.Persistent() {
		t.Error("off is persistent")
	}
}

func TestDefaultIsInTheUsersCacheDirectory(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("LocalAppData", home)
	parent, err := os.UserCacheDir()
	must(t, err)

	storage, err := cache.OpenLocation("", cache.DirectoryOptions{})
	must(t, err)
	write(t, storage, key, sealer, "x")
	onlyFile(t, filepath.Join(parent, "terraform-provider-goto"), "*.v1")
}

func TestMissingHomeMattersOnlyToWhoUsesTheCache(t *testing.T) {
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("LocalAppData", "")
	storage, err := cache.OpenLocation("", cache.DirectoryOptions{})
	must(t, err)

	entries := cache.New(storage)
	_, lockErr := entries.Lock(t.Context(), key)
	_, readErr := entries.Read(t.Context(), key, sealer)
	for name, err := range map[string]error{
		"Lock":          lockErr,
		"Read":          readErr,
		"Write":         entries.Write(t.Context(), key, sealer, nil),
		"ProveWritable": entries.ProveWritable(t.Context(), key),
	} {
		t.Run(name, func(t *testing.T) { wantUnfit(t, err, "token_cache", `"file:///directory"`, `"off"`) })
	}
}

func FuzzParseLocation(f *testing.F) {
	for _, seed := range []string{
		"file:///var/cache/goto", "FILE:///C:/a/../b", "file:/a%2e%2e/%2F", "file://host/a", "file:relative", "/var/cache", `C:\cache`,
		"~/cache", "file:///~/x", "file:///a?b#c", "file:///100%", "file:///a%00b", "file://%41@/", "off", "s3://key@bucket/", "", "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, location string) {
		for goos, absolute := range map[string]func(string) bool{
			"linux":   func(got string) bool { return strings.HasPrefix(got, "/") && path.Clean(got) == got },
			"windows": func(got string) bool { return len(got) > 2 && got[1:3] == `:\` && !strings.Contains(got, "/") },
		} {
			got, err := cache.ParseLocation(location, goos)
			if wrong, ok := errors.AsType[*cache.LocationError](err); err == nil && !absolute(got) || err != nil && (!ok || got != "" || wrong.Remedy == "") {
				t.Errorf("%q on %s: %q, %v", location, goos, got, err)
			}
		}
		for _, before := range []string{"file://", "s3://", location} {
			if _, err := cache.ParseLocation(before+"user:hunter2@"+location, "linux"); urlWithUser(before) && (err == nil || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("%q before a password and %q after it: %v", before, location, err)
			}
		}
	})
}

// urlWithUser tells whether a user name would follow.
func urlWithUser(before string) bool {
	scheme, rest, found := strings.Cut(before, "://")
	return found && rest == "" && regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+$`).MatchString(scheme)
}
