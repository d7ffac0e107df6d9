// Package bucket keeps small objects in S3, Google Cloud Storage and Azure Blob Storage. An object is replaced only
// if it is still the version that was read, and this compare-and-swap is all that machines need to agree.
//
// Names and contents mean nothing here. Credentials are each cloud's standard ones, never arguments.
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

// MaxSize bounds the contents of an object, in bytes.
const MaxSize = 1 << 20

// Version tells what an object held at one time: an ETag on S3 and Azure, a generation on Google. It is opaque.
//
// S3 computes it from the contents, so contents that return bring their version back. Writers put something
// unique into theirs, which also lets them recognize their own write after an [ErrAmbiguous].
type Version string

// Absent is the version of an object that does not exist.
const Absent Version = ""

// Object is what a read returns.
type Object struct {
	Contents []byte
	Version  Version
	Times
}

// Times are both told by the store in one reply. Comparing them with a local clock would be wrong.
type Times struct {
	Modified time.Time // when the object was last written
	Date     time.Time // when the store replied
}

// Age returns how long ago the object was written, by the store's own clock and to the second.
func (t Times) Age() time.Duration { return t.Date.Sub(t.Modified) }

// Entry is an object in a list.
type Entry struct {
	Name string
	Times
}

// Options change how a [Bucket] works. The zero value is fine.
type Options struct {
	Timeout time.Duration // of a single request; 10 seconds if zero
	Budget  time.Duration // of an operation with all its requests and waits; 30 seconds if zero
}

// Bucket keeps the objects at a [Location]. It is safe for concurrent use. Its errors are of type [*Error].
type Bucket struct {
	location Location
	options  Options
	driver   func() (driver, error)
	proof    proof
}

// driver speaks to one cloud. A method sends one request and never repeats it, so that nobody takes his own write,
// repeated unseen by an SDK, for a conflict. Errors are the SDK's own; failure tells what they mean.
type driver interface {
	// authorize makes sure that there are credentials. Without it their failure would look like a request's.
	authorize(ctx context.Context) error
	get(ctx context.Context, key string) (Object, error)
	put(ctx context.Context, key string, contents []byte, ifVersion Version) (Version, error)
	delete(ctx context.Context, key string) error
	// list returns a page of entries, named by their whole keys, and the cursor of the next page, if there is one.
	list(ctx context.Context, prefix, cursor string) (page []Entry, next string, err error)
	failure(err error) failure
	// unproven tells whether nobody vouches for what this store does with conditions.
	unproven() bool
}

// Open returns the bucket at location. It asks nothing of anybody: SDKs are set up and credentials are looked for
// at the first request.
func Open(location Location, options Options) *Bucket {
	if options.Timeout == 0 {
		options.Timeout = 10 * time.Second
	}
	if options.Budget == 0 {
		options.Budget = 30 * time.Second
	}
	return &Bucket{
		location: location,
		options:  options,
		proof:    proof{turn: make(chan struct{}, 1)},
		driver:   sync.OnceValues(func() (driver, error) { return clouds[location.scheme].open(location) }),
	}
}

// Get returns the object called name. The error is [ErrNotFound] if there is none.
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

// Put writes the object called name if it still has the version ifVersion, which is [Absent] for an object that
// must not exist yet. It returns the version that was written.
//
// The error is [ErrConflict] if the object has another version, or none any more. It is [ErrAmbiguous] if contents
// may have been written all the same: a request was lost on its way, or its answer was. It is both if such a request was sent
// again and met a conflict, which may be with itself. After any other error nothing was written.
func (b *Bucket) Put(ctx context.Context, name string, contents []byte, ifVersion Version) (version Version, err error) {
	if len(contents) > MaxSize {
		return Absent, b.fail(Write, name, failure{reason: TooLarge})
	}
	if err := b.prove(ctx); err != nil {
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

// Delete removes the object called name, whatever its version. That there is none is no error.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	return b.run(ctx, Delete, name, func(ctx context.Context, driver driver, key string) error {
		return driver.delete(ctx, key)
	})
}

// List returns the objects whose names begin with prefix. It is slow, and may need a permission of its own.
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
			if validName().MatchString(entry.Name) { // what lies deeper, or is called otherwise, is not ours
				entries = append(entries, entry)
			}
		}
		if cursor == "" {
			return entries, nil
		}
	}
}

// validName matches what is one segment of a path in every store and needs no escaping.
var validName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`) })

// contentType is what stores say of an object to everybody else.
const contentType = "application/octet-stream"

var errTooLarge = errors.New("the object is too large")

// readAll returns what body holds.
func readAll(body io.Reader) ([]byte, error) {
	contents, err := io.ReadAll(io.LimitReader(body, MaxSize+1))
	if err == nil && len(contents) > MaxSize {
		return nil, errTooLarge
	}
	return contents, err
}

// credentialsError tells that a client cannot be set up for want of credentials.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return e.err.Error() }
