package cache

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
)

// OpenLocation returns the storage that location names: "file:///directory", a [bucket.Location] in object storage,
// "off" for a [Memory], or "" for this user's default directory. The error is a [*LocationError].
//
// It examines only the text. A directory that cannot be used is reported by the first claim, because
// many users need no cache.
func OpenLocation(location string, options Options) (Storage, error) {
	switch location {
	case "":
		return openDefault(options), nil
	case "off":
		return NewMemory(), nil
	}
	if bucket.Known(location) {
		at, err := bucket.ParseLocation(location)
		if err != nil {
			return nil, &LocationError{Location: "in object storage", Problem: err.Error()}
		}
		place, _, _ := strings.Cut(at.String(), "?")
		return NewObjects(bucket.Open(at), strings.TrimSuffix(place, "/"), options), nil
	}
	path, err := parseLocation(location, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	return NewDirectory(path, options), nil
}

func openDefault(options Options) *Directory {
	parent, err := os.UserCacheDir()
	directory := NewDirectory(filepath.Join(parent, defaultDirectory), options)
	if err != nil {
		directory.pathError = &LocationError{
			Location: "in the default location",
			Problem:  "this user has no cache directory",
			Remedy:   `set token_cache to a directory, as in "file:///directory"`,
			Err:      err,

			NoDefault: true,
		}
	}
	return directory
}

// defaultDirectory is the name of the directory below the user's cache directory.
const defaultDirectory = "terraform-provider-goto"

// parseLocation returns the path of the directory that a file URL names, in the notation of the operating system goos.
func parseLocation(location, goos string) (string, error) {
	const writeURL = `write an absolute path after three slashes, as in "file:///var/cache/goto"`
	refuse := func(problem, remedy string) (string, error) {
		return "", &LocationError{Location: location, Problem: problem, Remedy: remedy}
	}

	scheme := urlScheme.FindStringSubmatch(location)
	switch {
	case windowsPath.MatchString(location):
		return refuse("it is a path, not a URL",
			`write the path with slashes and put "file:///" before it, as in "file:///C:/cache"`)
	case strings.HasPrefix(location, "/"):
		return refuse("it is a path, not a URL", fmt.Sprintf("write %q", "file://"+location))
	case strings.EqualFold(location, "off"):
		return refuse("it is not a URL", `write "off" in lower case`)
	case strings.HasPrefix(location, "~"):
		return refuse("it is a path, not a URL, and ~ is not expanded", writeURL)
	case scheme == nil:
		return refuse("it is not a URL", writeURL+`, or "off"`)
	case !strings.EqualFold(scheme[1], "file"):
		location = scheme[1] + ":…" // the rest may hold a password
		return refuse("this kind of location is not supported", `write "file:///directory", the location of a bucket that begins with "s3://", "gs://" or "azblob://", or "off"`)
	}

	parsed, err := url.Parse(location)
	if strings.Contains(location, "@") && (err != nil || parsed.Host != "" || parsed.User != nil) {
		location = scheme[1] + ":…" // there may be a password before the @
	}
	if err != nil {
		return "", &LocationError{Location: location, Problem: "it is not a URL", Remedy: writeURL, Err: errors.Unwrap(err)}
	}
	switch {
	case parsed.Host != "" || parsed.User != nil:
		return refuse("the part after two slashes is a host name, and neither ~ nor a variable is expanded", writeURL)
	case parsed.Path == "": // nothing, or a relative path, which net/url calls opaque
		return refuse("it does not name a directory by its absolute path", writeURL)
	case strings.ContainsAny(location, "?#"):
		return refuse("it has a query or a fragment", "write a question mark in a path as %3F and a hash as %23")
	case parsed.Path == "/~" || strings.HasPrefix(parsed.Path, "/~/"):
		return refuse("~ is not expanded", "write the absolute path of your home directory")
	}
	if goos != "windows" {
		return path.Clean(parsed.Path), nil
	}
	if !driveInAPath.MatchString(parsed.Path) {
		return refuse("it names no drive", `write one, as in "file:///C:/cache"`)
	}
	return strings.ReplaceAll(parsed.Path[1:], "/", `\`), nil
}

var (
	windowsPath  = regexp.MustCompile(`^[A-Za-z]:`)
	urlScheme    = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):`)
	driveInAPath = regexp.MustCompile(`^/[A-Za-z]:/`)
)

// LocationError says that entries cannot be kept at a location, why, and what to do.
type LocationError struct {
	Location string // as it was given, or the path of the directory
	Problem  string // a clause
	Remedy   string // a clause, or empty
	Err      error  // the cause, or nil
	// NoDefault reports whether no location was named and this user has no default one.
	NoDefault bool
}

// Error implements the error interface.
func (e *LocationError) Error() string {
	text := fmt.Sprintf("the token cache %s cannot be used: %s", e.Location, e.Problem)
	if e.Err != nil {
		text += " (" + e.Err.Error() + ")"
	}
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// Unwrap returns the cause.
func (e *LocationError) Unwrap() error { return e.Err }
