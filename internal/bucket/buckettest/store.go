// Package buckettest simulates object storage for tests, in memory and with faults.
package buckettest

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
)

// Store behaves like object storage. Set its fields before using it.
type Store struct {
	// Now is the store's clock. It is time.Now if nil.
	Now func() time.Time
	// Fault is called before every operation. If it returns an error, the operation fails, but still takes place if the
	// error is ambiguous.
	Fault func(operation bucket.Operation, name string) error
	// Budget is how long a failing operation takes, as if it was retried.
	Budget time.Duration

	mutex   sync.Mutex
	objects map[string]bucket.Object
	written int
}

func (s *Store) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s *Store) fault(ctx context.Context, operation bucket.Operation, name string) error {
	if s.Fault == nil {
		return nil
	}
	err := s.Fault(operation, name)
	if err != nil && s.Budget > 0 {
		retrying, cancel := context.WithTimeout(ctx, s.Budget)
		defer cancel()
		<-retrying.Done()
	}
	return err
}

// Ambiguous is the error of a write whose answer was lost.
func Ambiguous(name string) error {
	return &bucket.Error{Operation: bucket.Write, Object: name, Reason: bucket.NoAnswer, Problem: "no answer", Ambiguous: true}
}

// Unreachable is the error of an operation that did not take place.
func Unreachable(operation bucket.Operation, name string) error {
	return &bucket.Error{Operation: operation, Object: name, Reason: bucket.Unreachable, Problem: "unreachable"}
}

// Get returns an object.
func (s *Store) Get(ctx context.Context, name string) (bucket.Object, error) {
	if err := s.fault(ctx, bucket.Read, name); err != nil {
		return bucket.Object{}, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	object, found := s.objects[name]
	if !found {
		return bucket.Object{}, &bucket.Error{Operation: bucket.Read, Object: name, Reason: bucket.NotFound, Problem: "not found"}
	}
	object.Contents, object.Date = bytes.Clone(object.Contents), s.now()
	return object, nil
}

// Put writes an object if it has that version.
func (s *Store) Put(ctx context.Context, name string, contents []byte, ifVersion bucket.Version) (bucket.Version, error) {
	failure := s.fault(ctx, bucket.Write, name)
	if ambiguous, ok := failure.(*bucket.Error); failure != nil && (!ok || !ambiguous.Ambiguous) { //nolint:errorlint // never wrapped
		return bucket.Absent, failure
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.objects[name].Version != ifVersion {
		return bucket.Absent, &bucket.Error{Operation: bucket.Write, Object: name, Reason: bucket.Conflict, Problem: "conflict", Ambiguous: failure != nil}
	}
	if s.objects == nil {
		s.objects = map[string]bucket.Object{}
	}
	s.written++
	version := bucket.Version(strconv.Itoa(s.written))
	s.objects[name] = bucket.Object{Contents: bytes.Clone(contents), Version: version, Times: bucket.Times{Modified: s.now()}}
	if failure != nil {
		return bucket.Absent, failure
	}
	return version, nil
}

// Delete removes an object.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := s.fault(ctx, bucket.Delete, name); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.objects, name)
	return nil
}

// List returns the objects whose names begin with prefix.
func (s *Store) List(ctx context.Context, prefix string) ([]bucket.Entry, error) {
	if err := s.fault(ctx, bucket.List, prefix); err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var entries []bucket.Entry
	for name, object := range s.objects {
		if strings.HasPrefix(name, prefix) {
			entries = append(entries, bucket.Entry{Name: name, Times: bucket.Times{Modified: object.Modified, Date: s.now()}})
		}
	}
	return entries, nil
}
