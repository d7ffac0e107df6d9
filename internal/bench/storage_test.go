package bench

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

// storageTime is the time that object storage takes to answer.
const storageTime = 30 * time.Millisecond

// objectStorage is a store behind a proxy that counts requests and delays them.
type objectStorage struct {
	*servers.Server
	testing.TB
	proxy         *httptest.Server
	reads, writes atomic.Int64
}

func newObjectStorage(t *testing.T) *objectStorage {
	s := &objectStorage{Server: servers.Shared(t, "gs"), TB: t}
	pass := s.Handler()
	s.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			s.reads.Add(1)
		} else {
			s.writes.Add(1)
		}
		answer, due := httptest.NewRecorder(), time.After(storageTime)
		pass.ServeHTTP(answer, r)
		<-due
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // a client that has gone needs no answer
	}))
	t.Cleanup(s.proxy.Close)
	return s
}

// requests returns the number of requests since the last call.
func (s *objectStorage) requests() (reads, writes int64) {
	return s.reads.Swap(0), s.writes.Swap(0)
}

// empty returns the environment variable that points the token cache to a new bucket.
func (s *objectStorage) empty() string {
	location := s.Location(s.NewBucket(s.Context(), s), "tokens", s.Behind(s.proxy.URL))
	s.requests()
	return "GOTO_TOKEN_CACHE=" + location
}

func (p programs) measureObjectStorage(t *testing.T, found *results) {
	store := newObjectStorage(t) // first, because it skips if the store is not installed
	costs := found.section("Object storage", "measurement", "bucket", "floor", "reads", "writes", "token requests")
	costs.text = "The token cache is in a bucket, and for the floor in a directory. Each answer of the store, fake-gcs-server, takes " + inMilliseconds(storageTime) + `, and
each answer of GoTo takes ` + inMilliseconds(serverTime) + `. An apply has two provider processes, and each reads once. The figures for a warm apply don't include these
60 ms. The first refresh in a bucket looks for entries to prune, which takes two reads and a write.`
	for _, count := range []int{1, 100, 1000} {
		w := newWorld(t, serverTime)
		writeBlocks(w, make([]string, count))
		bucket := store.empty()
		cold := p.apply(w, p.provider, bucket)
		w.wantRequests(1)
		reads, writes := store.requests()
		costs.compare(fmt.Sprintf("cold apply, blocks: %d", count), 0, seconds, samples{cold}, samples{p.apply(w, p.provider)}, fmt.Sprint(reads), fmt.Sprint(writes), "1")
		w.standin.ResetCounts()
		runs := 5 + 10/count // short ones vary more
		measured := alternate(runs, func() float64 { return p.apply(w, p.provider) }, func() float64 {
			took := p.apply(w, p.provider, bucket)
			if reads, writes := store.requests(); reads != 2 || writes != 0 {
				t.Fatalf("a warm apply made %d reads and %d writes, want one read per process", reads, writes)
			}
			return took - 2*storageTime.Seconds()
		})
		w.wantRequests(0)
		costs.compare(fmt.Sprintf("warm apply, blocks: %d", count), 1.05, seconds, measured[1], measured[0], "2", "0", "0")
	}
	const runners = 16
	w := newWorld(t, serverTime)
	var reads, writes int64
	measured := alternate(5, func() float64 {
		w.clearCache()
		defer w.wantRequests(1)
		return w.crowd(runners, "provider")
	}, func() float64 {
		bucket := store.empty()
		defer w.wantRequests(1)
		took := w.crowd(runners, "provider", bucket)
		moreReads, moreWrites := store.requests()
		reads, writes = max(reads, moreReads), max(writes, moreWrites)
		return took
	})
	costs.compare(fmt.Sprintf("%d runners at once, cold; requests at most", runners), 0, seconds, measured[1], measured[0], fmt.Sprint(reads), fmt.Sprint(writes), "1")
}
