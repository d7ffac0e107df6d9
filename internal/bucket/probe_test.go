package bucket_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

// fakeS3 is an S3-compatible store that honors only the conditions that its fields select.
type fakeS3 struct {
	honorsIfNoneMatch, honorsIfMatch bool
	refusesOverwrites                bool // even if the condition holds
	refusesDeletes                   bool
	losesAnswer                      int // number of the write whose answer is lost, starting at 1

	mutex    sync.Mutex
	objects  map[string]string // ETags by path
	requests int
}

func (s *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.requests++
	_, _ = io.Copy(io.Discard, r.Body)
	tag, exists := s.objects[r.URL.Path]
	create, ifMatch := r.Header.Get("If-None-Match") == "*", r.Header.Get("If-Match")
	switch {
	case r.Method == http.MethodDelete && s.refusesDeletes:
		refuse(w, "s3", http.StatusForbidden, "AccessDenied", "no")
	case r.Method == http.MethodDelete:
		delete(s.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodPut:
		refuse(w, "s3", http.StatusNotFound, "NoSuchKey", "no")
	case create && exists && s.honorsIfNoneMatch,
		ifMatch != "" && ifMatch != tag && s.honorsIfMatch,
		ifMatch != "" && s.refusesOverwrites:
		refuse(w, "s3", http.StatusPreconditionFailed, "PreconditionFailed", "no")
	default:
		s.objects[r.URL.Path] = fmt.Sprintf("%q", rand.Text())
		w.Header().Set("ETag", s.objects[r.URL.Path])
		if s.losesAnswer--; s.losesAnswer == 0 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}
}

// use opens the store, reads an object, writes it, and returns the error of the write.
func (s *fakeS3) use(t *testing.T) (*bucket.Bucket, error) {
	t.Helper()
	s.objects = map[string]string{}
	b := open(t, (&servers.Server{Scheme: "s3"}).Location("bucket", "", serve(t, s.ServeHTTP)), bucket.Options{})
	if _, err := b.Get(t.Context(), "object"); !errors.Is(err, bucket.ErrNotFound) || s.requests != 1 {
		t.Errorf("reading took %d requests and returned %v", s.requests, err)
	}
	_, err := b.Put(t.Context(), "object", []byte("contents"), bucket.Absent)
	return b, err
}

func TestStoresThatIgnoreConditionsAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		store *fakeS3
		word  string
	}{
		"ignores everything":     {&fakeS3{}, "If-None-Match"},
		"ignores If-None-Match":  {&fakeS3{honorsIfMatch: true}, "creates an object that already exists"},
		"ignores If-Match":       {&fakeS3{honorsIfNoneMatch: true}, "overwrites an object that has changed"},
		"refuses all overwrites": {&fakeS3{honorsIfNoneMatch: true, refusesOverwrites: true}, "refuses to overwrite"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := test.store.use(t)
			expectFailure(t, err, bucket.Unconditional, test.word, "Machines would overwrite")
			if len(test.store.objects) != 0 {
				t.Errorf("the store still holds %v", test.store.objects)
			}
			before := test.store.requests
			_, again := b.Put(t.Context(), "another", []byte("contents"), bucket.Absent)
			if again == nil || again.Error() != err.Error() || test.store.requests != before {
				t.Errorf("the next write took %d requests and returned %v", test.store.requests-before, again)
			}
		})
	}
}

func TestStoreIsProbedOnce(t *testing.T) {
	t.Parallel()
	store := &fakeS3{honorsIfNoneMatch: true, honorsIfMatch: true}
	b, err := store.use(t)
	if err != nil || len(store.objects) != 1 {
		t.Fatalf("the store holds %v (error %v)", store.objects, err)
	}
	const reading, probing, writing = 1, 5, 1
	if store.requests != reading+probing+writing {
		t.Errorf("the first write took %d requests", store.requests-reading)
	}
	store.requests = 0
	var group errgroup.Group
	for range 5 {
		group.Go(func() error {
			_, err := b.Put(t.Context(), rand.Text(), nil, bucket.Absent)
			return err
		})
	}
	if err := group.Wait(); err != nil || store.requests != 5 {
		t.Errorf("five more writes took %d requests (error %v)", store.requests, err)
	}
}

// The lost answer belongs to the probe or to the write after it. Only the write becomes ambiguous.
func TestProbeToleratesALostAnswer(t *testing.T) {
	t.Parallel()
	for lost := range 3 {
		b, err := (&fakeS3{honorsIfNoneMatch: true, honorsIfMatch: true, losesAnswer: lost + 1}).use(t)
		if isLast := lost == 2; (err != nil) != isLast || isLast && !errors.Is(err, bucket.ErrAmbiguous) {
			t.Errorf("the answer to write %d was lost: %v", lost+1, err)
		}
		put(t, b, "another", "contents", bucket.Absent)
	}
}

// Probe objects that cannot be removed must not accumulate unnoticed.
func TestProbeThatCannotBeDeletedIsReported(t *testing.T) {
	t.Parallel()
	_, err := (&fakeS3{honorsIfNoneMatch: true, honorsIfMatch: true, refusesDeletes: true}).use(t)
	expectFailure(t, err, bucket.Denied, "delete", "s3:DeleteObject", bucket.ProbePrefix)
}

// A failure that is unrelated to conditional writes does not decide whether the store honors them.
func TestFailedProbeIsRepeated(t *testing.T) {
	t.Parallel()
	store := servers.Shared(t, "s3")
	var refusing atomic.Bool
	refusing.Store(true)
	endpoint := through(t, store, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		if refusing.Load() {
			refuse(w, "s3", http.StatusForbidden, "AccessDenied", "no")
		}
		return refusing.Load()
	})
	name := store.NewBucket(t.Context(), t)
	b := open(t, store.Location(name, "", endpoint), bucket.Options{})
	_, err := b.Put(t.Context(), "object", nil, bucket.Absent)
	expectFailure(t, err, bucket.Denied, "s3:PutObject")
	refusing.Store(false)
	put(t, b, "object", "contents", bucket.Absent)
	if entries, err := b.List(t.Context(), bucket.ProbePrefix); err != nil || len(entries) != 0 {
		t.Errorf("the probe left %v (error %v)", entries, err)
	}
}

// TestEndpointFromEnvironmentIsProbed changes the environment, so it runs alone.
func TestEndpointFromEnvironmentIsProbed(t *testing.T) {
	store := &fakeS3{objects: map[string]string{}}
	t.Setenv("AWS_ENDPOINT_URL_S3", serve(t, store.ServeHTTP))
	_, err := open(t, "s3://bucket?use_path_style=true", bucket.Options{}).Put(t.Context(), "object", nil, bucket.Absent)
	expectFailure(t, err, bucket.Unconditional)

	t.Setenv("AWS_ENDPOINT_URL_S3", "http://store.example")
	_, err = open(t, "s3://bucket", bucket.Options{}).Get(t.Context(), "object")
	expectFailure(t, err, bucket.Misconfigured, "neither https nor a loopback address")
}

// The APIs of Google and Azure have no third-party implementations that need a probe.
func TestGoogleAndAzureAreNotProbed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *servers.Server, name string) {
		if store.Scheme == "s3" {
			return
		}
		var requests atomic.Int32
		endpoint := through(t, store, func(http.ResponseWriter, *http.Request, http.Handler) bool {
			requests.Add(1)
			return false
		})
		put(t, open(t, store.Location(name, "", endpoint), bucket.Options{}), "object", "contents", bucket.Absent)
		if requests.Load() != 1 {
			t.Errorf("a write took %d requests, want 1", requests.Load())
		}
	})
}
