package cache_test

import (
	"errors"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

func TestParseLocation(t *testing.T) {
	t.Parallel()

	for _, test := range []struct{ goos, location, want string }{
		{"linux", "file:///var/cache/goto", "/var/cache/goto"},
		{"linux", "FILE:///var/cache/goto/", "/var/cache/goto"},
		{"linux", "file:///a/../b", "/b"},
		{"linux", "file:///with%20space/100%25/%3F%23", "/with space/100%/?#"},
		{"linux", "file:/var/cache", "/var/cache"},
		{"linux", "file:///C:/dir", "/C:/dir"},
		{"darwin", "file:///Users/x/~y", "/Users/x/~y"},
		{"windows", "file:///C:/Users/x%20y/cache", `C:\Users\x y\cache`},
		{"windows", `file:///c:/Users\x`, `c:\Users\x`},
		{"windows", "file:///C:/100%25/%3F%23/%C3%A4", `C:\100%\?#\ä`},
		{"windows", "file:///C%3A/cache", `C:\cache`},
	} {
		if got, err := cache.ParseLocation(test.location, test.goos); err != nil || got != test.want {
			t.Errorf("%s on %s: got %q and error %v, want %q", test.location, test.goos, got, err, test.want)
		}
	}
}

func TestParseLocationErrors(t *testing.T) {
	t.Parallel()

	for _, test := range []struct{ goos, location, problem, remedy string }{
		{"linux", "/var/cache", "not a URL", `"file:///var/cache"`},
		{"linux", "./a:b", "not a URL", "three slashes"},
		{"linux", "~/cache", "~ is not expanded", "three slashes"},
		{"linux", "OFF", "not a URL", `write "off" in lower case`},
		{"linux", `C:\cache`, "not a URL", `"file:///C:/cache"`},
		{"linux", "file://relative", "host", "three slashes"},
		{"linux", "file://~/x", "host", "three slashes"},
		{"linux", "file://user@/x", "host", "three slashes"},
		{"linux", "file:relative", "absolute path", "three slashes"},
		{"linux", "file:", "absolute path", "three slashes"},
		{"linux", "file://", "absolute path", "three slashes"},
		{"linux", "file:///a?b", "query", "%3F"},
		{"linux", "file:///a?", "query", "%3F"},
		{"linux", "file:///a#b", "fragment", "%23"},
		{"linux", "file:///a#", "fragment", "%23"},
		{"linux", "file:///~/x", "~", "home"},
		{"linux", "file:///100%", "escape", "three slashes"},
		{"linux", "file:///a\x00b", "control character", "three slashes"},
		{"windows", "file:///cache", "drive", "file:///C:/cache"},
		{"windows", `\\server\share`, "not a URL", "three slashes"},
		{"windows", "file://server/share", "host", "three slashes"},
		{"windows", "file:////server/share", "drive", "file:///C:/cache"},
		{"windows", "file://C:/cache", "host", "three slashes"},
		{"windows", `file:///C:\cache`, "drive", "file:///C:/cache"},
		{"windows", "file:C:/cache", "absolute path", "three slashes"},
		// Errors don't repeat a possible password.
		{"linux", "s3://key:hunter2@bucket/", "not supported", `"off"`},
		{"linux", "https://key:hunter2@%zz", "not supported", `"off"`},
		{"linux", "file://user:hunter2@host/cache", "host", "three slashes"},
		{"linux", "file://user:hunter2@/cache", "host", "three slashes"},
		{"linux", "file://user:hunter2@%zz/", "not a URL", "three slashes"},
		{"linux", "FILE://u:hunter2%zz@h/", "not a URL", "three slashes"},
	} {
		path, err := cache.ParseLocation(test.location, test.goos)
		wrong, ok := errors.AsType[*cache.LocationError](err)
		if !ok || path != "" || wrong.NoDefault || strings.Contains(err.Error(), "hunter2") ||
			!strings.Contains(err.Error(), test.problem) || !strings.Contains(wrong.Remedy, test.remedy) {
			t.Errorf("%s on %s: got %q and error %v, want a LocationError", test.location, test.goos, path, err)
		}
	}
}

// fileURL returns the location of a directory.
func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")}).String()
}

func TestOpenLocationDoesNotAccessTheDisk(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "cache")
	storage, err := cache.OpenLocation(fileURL(path), cache.Options{})
	if _, found := os.Stat(path); err != nil || found == nil || !cache.New(storage).Persistent() {
		t.Fatalf("opening: got error %v, and os.Stat returned %v", err, found)
	}
	write(t, storage, key, sealer, "x")
	want(t, openDirectory(t, path, cache.Options{}), key, sealer, "x")
	if info, err := os.Stat(filepath.Join(path, entryOf(key))); err != nil || time.Since(info.ModTime()).Abs() > time.Hour {
		t.Errorf("with the default clock: got %v and error %v", info, err)
	}
	if off, err := cache.OpenLocation("off", cache.Options{}); err != nil || cache.New(off).Persistent() {
		t.Errorf("off: got %v and error %v", off, err)
	}
}

func TestDefaultLocation(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "")
	for _, home := range []string{"", t.TempDir()} {
		t.Setenv("HOME", home)
		t.Setenv("LocalAppData", home)
		storage, err := cache.OpenLocation("", cache.Options{})
		must(t, err)
		if home == "" { // matters only if the cache is used
			wantUnusable(t, storage, "token_cache", `"file:///directory"`)
			if location, ok := errors.AsType[*cache.LocationError](storage.Prune(t.Context())); !ok || !location.NoDefault {
				t.Error("the default location counts as configured")
			}
			continue
		}
		write(t, storage, key, sealer, "x")
		parent, err := os.UserCacheDir()
		must(t, err)
		want(t, openDirectory(t, filepath.Join(parent, "terraform-provider-goto"), cache.Options{}), key, sealer, "x")
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
				t.Errorf("%q on %s: got %q and error %v", location, goos, got, err)
			}
		}
		for _, before := range []string{"file://", "s3://"} {
			got, err := cache.ParseLocation(before+"user:hunter2@"+location, "linux")
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q and a password before %q: got %q and error %v", before, location, got, err)
			}
		}
	})
}
