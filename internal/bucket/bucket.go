// Package bucket stores small objects in S3, Google Cloud Storage and Azure Blob Storage. It replaces an object only if
// the object still has the version that was read. With this compare-and-swap, several machines can share objects.
//
// The package does not interpret names and contents. Credentials come from each cloud's standard sources, never from
// arguments.
package bucket

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
)

// MaxSize limits the contents of an object, in bytes.
const MaxSize = 1 << 20

// Version identifies one state of an object: an ETag on S3 and Azure, a generation on Google. It is opaque.
//
// S3 computes it from the contents, so equal contents have equal versions. Writers should include something unique,
// which also lets them recognize their own write after [ErrAmbiguous].
type Version string

// Absent is the version of an object that does not exist.
const Absent Version = ""

// Object is what a read returns.
type Object struct {
	Contents []byte
	Version  Version
	Times
}

// Times come from one reply of the store. They are comparable with each other, not with a local clock.
type Times struct {
	Modified time.Time // when the object was last written
	Date     time.Time // when the store answered
}

// Age returns how long ago the object was written, by the store's clock and to the second.
func (t Times) Age() time.Duration { return t.Date.Sub(t.Modified) }

// Entry is an object in a list.
type Entry struct {
	Name string
	Times
}

// Bucket stores objects at a [Location]. It is safe for concurrent use. All of its errors are of type [*Error].
type Bucket struct {
	location Location
	timeout  time.Duration // for one request
	budget   time.Duration // for an operation with all its requests and pauses
	driver   func() (driver, error)
	probing  probing
}

// driver talks to one cloud. Each method sends one request, without retries: if an SDK retried a write, the second
// attempt could conflict with the first. Errors are the SDK's own, and failure interprets them.
type driver interface {
	// authorize obtains credentials, so that an error about them differs from an error about the request.
	authorize(ctx context.Context) error
	get(ctx context.Context, key string) (Object, error)
	put(ctx context.Context, key string, contents []byte, ifVersion Version) (Version, error)
	delete(ctx context.Context, key string) error
	// list returns a page of entries, with keys as names, and the cursor of the next page, if there is one.
	list(ctx context.Context, prefix, cursor string) (page []Entry, next string, err error)
	failure(err error) failure
	// needsProbe reports whether the store may be one that ignores conditions.
	needsProbe() bool
}

// Open returns the bucket at location. It does no work: the first operation sets up the SDK and looks for credentials.
func Open(location Location) *Bucket {
	return &Bucket{
		location: location,
		timeout:  10 * time.Second,
		budget:   30 * time.Second,
		probing:  probing{lock: make(chan struct{}, 1)},
		driver:   sync.OnceValues(func() (driver, error) { return clouds[location.scheme].open(location) }),
	}
}

// Get returns the object called name. The error is [ErrNotFound] if it does not exist.
func (b *Bucket) Get(ctx context.Context, name string) (object Object, err error) {
	err = b.run(ctx, Read, name, func(ctx context.Context, driver driver, key string) error {
		object, err = driver.get(ctx, key)
		return err
	})
	if err == nil && (object.Version == Absent || object.Modified.IsZero() || object.Date.IsZero()) {
		err = b.fail(Read, name, failure{reason: Unexpected, detail: "without a version, a Last-Modified or a Date"})
	}
	if err != nil {
		return Object{}, err
	}
	return object, nil
}

// Put writes the object called name if its version is still ifVersion, or, with [Absent], if it does not exist. It
// returns the new version.
//
// The error is [ErrConflict] if the object has another version or is gone. It is [ErrAmbiguous] if contents may have
// been written anyway, because an answer was lost. It is both if the retried request met a conflict, which may be
// with the request itself. To find out, read the object. After any other error, nothing was written.
func (b *Bucket) Put(ctx context.Context, name string, contents []byte, ifVersion Version) (version Version, err error) {
	if len(contents) > MaxSize {
		return Absent, b.fail(Write, name, failure{reason: TooLarge})
	}
	if err := b.ensureProbed(ctx); err != nil {
		return Absent, err
	}
	return b.put(ctx, name, contents, ifVersion)
}

func (b *Bucket) put(ctx context.Context, name string, contents []byte, ifVersion Version) (version Version, err error) {
	err = b.run(ctx, Write, name, func(ctx context.Context, driver driver, key string) error {
		version, err = driver.put(ctx, key, contents, ifVersion)
		return err
	})
	if err == nil && version == Absent {
		failed := b.fail(Write, name, failure{reason: Unexpected, detail: "without a version"})
		failed.Ambiguous = true
		err = failed
	}
	return version, err
}

// Delete removes the object called name, regardless of its version. It returns no error if there is none.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	return b.run(ctx, Delete, name, func(ctx context.Context, driver driver, key string) error {
		return driver.delete(ctx, key)
	})
}

// List returns the objects whose names begin with prefix. It is slow and needs a separate permission. It leaves out
// objects under longer paths, and those with names that [Bucket.Put] would refuse.
func (b *Bucket) List(ctx context.Context, prefix string) ([]Entry, error) {
	var entries []Entry
	for cursor := ""; ; {
		var page []Entry
		err := b.run(ctx, List, prefix, func(ctx context.Context, driver driver, key string) (err error) {
			page, cursor, err = driver.list(ctx, key, cursor)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, entry := range page {
			entry.Name = strings.TrimPrefix(entry.Name, b.location.key(""))
			if validName().MatchString(entry.Name) {
				entries = append(entries, entry)
			}
		}
		if cursor == "" {
			return entries, nil
		}
	}
}

// validName matches names that every store accepts as one path segment, without escaping.
var validName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`) })

// contentType is the media type of every object.
const contentType = "application/octet-stream"

var errTooLarge = errors.New("the object is too large")

// readAll reads body, up to [MaxSize].
func readAll(body io.Reader) ([]byte, error) {
	contents, err := io.ReadAll(io.LimitReader(body, MaxSize+1))
	if err == nil && len(contents) > MaxSize {
		return nil, errTooLarge
	}
	return contents, err
}

// credentialsError reports that a client cannot be set up because of its credentials.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return e.err.Error() }
