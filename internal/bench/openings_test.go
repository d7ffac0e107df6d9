package bench

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bench/constant"
	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// grants contains a function for each kind of credential that issues a new one.
var grants = map[string]func(*world) arguments{
	"code": func(w *world) arguments {
		return arguments{"code": w.standin.IssueCode(standin.CodeRequest{ClientID: standin.ClientID, Principal: standin.Principal})}
	},
	"refresh_token": func(w *world) arguments { return arguments{"refresh_token": w.standin.IssueRefreshToken()} },
	"personal_access_token": func(w *world) arguments {
		return arguments{"personal_access_token": w.standin.IssuePersonalAccessToken()}
	},
}

// benchmark repeats one operation within the test process.
type benchmark func(*testing.B)

func BenchmarkOpenings(b *testing.B) { runAll(b, openings(b)) }

func BenchmarkEntries(b *testing.B) { runAll(b, entries(b)) }

func runAll(b *testing.B, all map[string]benchmark) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, all[name])
	}
}

func openings(tb testing.TB) map[string]benchmark {
	tb.Helper()
	w, floor := newWorld(tb, 0), newOpener(tb, constant.New)
	all := steps(w)
	for name, issue := range grants {
		given := issue(w)
		all["constant/"+name] = func(b *testing.B) {
			for b.Loop() {
				floor.open(given)
			}
		}
		all["warm/"+name], all["cold/"+name] = warm(w, given), cold(w, issue)
	}
	return all
}

var entryCounts = []int{1, 1000, 100_000}

// entries measures openings in a cache that holds other entries.
func entries(tb testing.TB) map[string]benchmark {
	tb.Helper()
	all := map[string]benchmark{}
	for _, count := range entryCounts {
		w := newWorld(tb, 0)
		w.provider().open(nil) // creates the directory and prunes it
		fill(w, count)
		issue := grants["refresh_token"]
		all[fmt.Sprintf("warm/%d", count)], all[fmt.Sprintf("cold/%d", count)] = warm(w, issue(w)), cold(w, issue)
	}
	return all
}

// warm measures openings with a credential whose token is in the cache.
func warm(w *world, given arguments) benchmark {
	opener := w.provider()
	opener.open(given)
	return func(b *testing.B) {
		for b.Loop() {
			opener.open(given)
		}
	}
}

// cold measures openings with new credentials. It uses its own timer because stopping the benchmark's timer stops the
// world, which would slow down the opening.
func cold(w *world, issue func(*world) arguments) benchmark {
	return func(b *testing.B) {
		var took time.Duration
		for b.Loop() {
			given, opener := issue(w), w.provider() // new, so that the limit on requests does not delay it
			started := time.Now()
			opener.open(given)
			took += time.Since(started)
		}
		b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "ns/op")
	}
}

// fill adds the given number of other entries to the cache, with their lock files.
func fill(w *world, count int) {
	for i := range count {
		path := filepath.Join(w.cache(), hex.EncodeToString(fmt.Appendf(nil, "%032d", i)))
		must(w, errors.Join(os.WriteFile(path+".lock", nil, 0o600), os.WriteFile(path+".v2", nil, 0o600)))
	}
}

// steps returns the unavoidable steps of a cold opening and the steps of the engine. Each has its own entry.
func steps(w *world) map[string]benchmark {
	w.provider().open(nil) // creates the directory
	directory := cache.NewDirectory(w.cache(), cache.Options{})
	server, err := oauth.NewServer(w.standin.URL)
	must(w, err)
	entries, sealer := cache.New(directory), secret.New(standin.ClientSecret)
	known, login := cache.NewKey("known"), make([]byte, 2048)
	claim := func(key cache.Key, do func(*cache.Claim) error) error {
		claim, err := entries.Claim(w.Context(), key)
		if err != nil {
			return err
		}
		return errors.Join(do(claim), claim.End())
	}
	write := func(claim *cache.Claim) error { return claim.Write(w.Context(), sealer, login, cache.Retained) }
	must(w, claim(known, write))
	nothing := func(*cache.Claim) error { return nil }
	client := oauth.Client{ID: standin.ClientID, Secret: sealer}
	grant := oauth.Grant{Type: oauth.RefreshToken, Credential: secret.New(w.standin.IssueRefreshToken())}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {grant.Credential.Reveal()}}.Encode()
	all := map[string]benchmark{}
	for name, step := range map[string]func(cache.Key) error{
		"floor": func(key cache.Key) error {
			return errors.Join(writeDurably(w, key, login), post(w, form), writeDurably(w, key, login))
		},
		"floor-without-intent": func(key cache.Key) error { return errors.Join(post(w, form), writeDurably(w, key, login)) },
		"post":                 func(cache.Key) error { return post(w, form) },
		"durable":              func(key cache.Key) error { return writeDurably(w, key, login) },
		"claim":                func(key cache.Key) error { return claim(key, nothing) },
		"read": func(cache.Key) error {
			_, err := entries.Read(w.Context(), known, sealer)
			return err
		},
		"intent": func(key cache.Key) error {
			return claim(key, func(claim *cache.Claim) error { return claim.WriteIntent(w.Context(), sealer, login) })
		},
		"write": func(cache.Key) error { return claim(known, write) },
		"request": func(cache.Key) error {
			// New for each iteration, so that the limit on requests does not delay it.
			endpoint := &oauth.TokenEndpoint{Server: server, HTTP: httpclient.New(time.Minute), Now: time.Now}
			_, err := endpoint.Token(w.Context(), client, grant, func() error { return nil })
			return err
		},
	} {
		used := 0
		all["step/"+name] = func(b *testing.B) {
			for b.Loop() {
				used++
				must(b, step(cache.NewKey(name, strconv.Itoa(used))))
			}
		}
	}
	return all
}

// post sends a single token request on a new connection, like a process that has just started.
func post(w *world, form string) error {
	request, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.standin.URL+"/oauth/token", strings.NewReader(form))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(standin.ClientID, standin.ClientSecret)
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return errors.Join(err, response.Body.Close())
}

// writeDurably writes a file that survives a power failure intact. It syncs the contents before the rename, and the
// directory before it returns. With only one of the two syncs, the file could be incomplete or still be the old one.
func writeDurably(w *world, key cache.Key, contents []byte) error {
	path := filepath.Join(w.cache(), key.String())
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(contents)
	if err := errors.Join(err, file.Sync(), file.Close(), os.Rename(path+".new", path)); err != nil {
		return err
	}
	directory, err := os.Open(w.cache())
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

func measureOpenings(t *testing.T, found *results) {
	all, measured := openings(t), map[string]samples{}
	maps.Copy(all, entries(t))
	for range 11 {
		for name, run := range all {
			// A few iterations are enough for what creates files. After thousands of deletions, file systems such as ext4
			// search long for a file's place, which neither the provider nor the floor causes in practice.
			iterations := "200x"
			if strings.HasPrefix(name, "cold/") || strings.HasPrefix(name, "step/") {
				iterations = "25x"
			}
			must(t, flag.Set("test.benchtime", iterations))
			result := testing.Benchmark(run)
			if result.N == 0 {
				t.Fatalf("%s failed; run go test -bench to see why", name)
			}
			measured[name] = append(measured[name], float64(result.NsPerOp())/1e9)
		}
	}
	openings := found.section("Openings inside the process", "opening", "provider", "floor")
	openings.text = `Measured through the framework's server, without the socket, against a server that answers immediately. For a warm opening,
the floor is the constant provider. It leaves its attributes to the framework's reflection, which takes longer than
everything that the real provider does. For a cold opening, the floor is a bare POST and four syncs: two for the intent
before the request, and two for the login after it. Each pair syncs the contents of the file, then its name. Both must be
on the disk before the request is sent or the token is handed out. A personal access token can be used again, so it needs
no intent. This floor doesn't include the framework, which takes most of the time of a warm opening. The floor also creates
fewer files: two, or one for a personal access token. The provider creates three files for a refresh token and two for a
personal access token, because a new entry needs a lock file. For a code, it creates five, because the new refresh token
needs an entry that leads to the login. A file system such as ext4 takes longer to create a file if many were deleted in
the past few minutes. The ratio is smaller if syncs are slower, and when a login is refreshed again, because its lock file
exists by then.`
	for _, grant := range slices.Sorted(maps.Keys(grants)) {
		openings.compare("warm, "+grant, 1.15, milliseconds, measured["warm/"+grant], measured["constant/"+grant])
		floor := "step/floor"
		if grant == "personal_access_token" {
			floor += "-without-intent"
		}
		openings.compare("cold, "+grant, 1.3, milliseconds, measured["cold/"+grant], measured[floor])
	}
	entries := found.section("Entries in the cache", "entries", "provider", "floor")
	entries.text = "Openings with a refresh token, in a cache with other entries. The floor is an opening in a cache with one entry."
	for _, kind := range []string{"warm", "cold"} {
		for _, count := range entryCounts[1:] {
			entries.compare(fmt.Sprintf("%s, %d", kind, count), 1.1, milliseconds,
				measured[fmt.Sprintf("%s/%d", kind, count)], measured[kind+"/1"])
		}
	}
	steps := found.section("Where the time goes", "step", "time")
	steps.text = "The steps of a cold opening, each measured alone. Most of the remaining time is the framework's."
	for _, step := range [][2]string{
		{"post", "the floor's bare POST, on a new connection"},
		{"durable", "the floor's write of a file: write, sync, rename, sync the directory"},
		{"read", "read and open an entry"},
		{"claim", "claim a new entry: create its lock file"},
		{"intent", "claim a new entry, and store an intent: reserve space, write, sync, rename, sync the directory"},
		{"request", "request a token: connect, post, decode"},
		{"write", "claim a known entry, and store a login: write, sync, rename, sync the directory"},
	} {
		steps.add(step[1], milliseconds(measured["step/"+step[0]].median()))
	}
}
