package stories

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-goto/terraform-provider-goto/internal/commandline"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

const examplesDir = "../../examples"

// stubbed are the providers that stub stands in for.
var stubbed = map[string]string{
	"hashicorp/aws":        "aws",
	"hashicorp/kubernetes": "kubernetes",
	"hashicorp/vault":      "vault",
	"magodo/restful":       "restful",
	"Mastercard/restapi":   "restapi",
}

// exampleCommands are the commands that the stories of the examples can use in addition to [commands]:
//
//	edit FILE OLD NEW          replace OLD, which the file must contain, with NEW
//	stored RESOURCE NUMBER     check that the secret was written this many times and holds a valid token
//	stored-again RESOURCE      apply until a second has passed since the last plan; check that it was written once
var exampleCommands = func() map[string]func(*testscript.TestScript, bool, []string) {
	all := maps.Clone(commands)
	maps.Copy(all, map[string]func(*testscript.TestScript, bool, []string){
		"edit":         noNegation(edit),
		"stored":       noNegation(checkStored),
		"stored-again": noNegation(checkStoredAgain),
	})
	return all
}()

// TestExamples applies every example in examples/ unchanged, each in its own story, and every other
// configuration that readers can copy from a page.
func TestExamples(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the stories require Unix programs and permissions")
	}
	built := buildExamplePrograms(t)
	for name, dir := range map[string]string{"stories": "testdata/examples", "pages": writePageStories(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, testscript.Params{
				Dir:                 dir,
				Setup:               func(env *testscript.Env) error { return setUpExamples(env, built) },
				Cmds:                exampleCommands,
				Condition:           built.condition,
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
			})
		})
	}
}

func TestExamplesHaveStories(t *testing.T) {
	t.Parallel()
	examples, err := filepath.Glob(filepath.Join(examplesDir, "*", "main.tf"))
	if err != nil || len(examples) == 0 {
		t.Fatalf("no examples found (error %v)", err)
	}
	for _, main := range examples {
		name := filepath.Base(filepath.Dir(main))
		if _, err := os.Stat(filepath.Join("testdata", "examples", name+".txtar")); err != nil {
			t.Errorf("no story for examples/%s: %v", name, err)
		}
	}
}

// buildExamplePrograms builds the provider and stub, which stands in for all other providers.
func buildExamplePrograms(t *testing.T) programs {
	t.Helper()
	dir := t.TempDir()
	built := programs{cli: findCommandLine(t), provider: filepath.Join(dir, "terraform-provider-goto"), config: filepath.Join(dir, "cli.tfrc")}
	built.laterConfig = built.config // these stories never move the clock
	built.identify(t)
	if err := commandline.Build(t.Context(), "-o", dir+string(filepath.Separator), "../..", "./stub"); err != nil {
		t.Fatal(err)
	}
	providers := map[string]string{"terraform-goto/goto": dir}
	for address, name := range stubbed {
		if err := os.Link(filepath.Join(dir, "stub"), filepath.Join(dir, "terraform-provider-"+name)); err != nil {
			t.Fatal(err)
		}
		providers[address] = dir
	}
	if err := commandline.Configure(built.config, providers); err != nil {
		t.Fatal(err)
	}
	return built
}

type storeKey struct{}

// setUpExamples copies the examples into the world of the story and replaces GoTo's addresses with
// those of the stand-in and of the few APIs that the examples call.
func setUpExamples(env *testscript.Env, built programs) error {
	if err := setUpWorld(env, built); err != nil {
		return err
	}
	w, ok := env.Values[worldKey{}].(*world)
	if !ok {
		return fmt.Errorf("this story has no world")
	}
	apis := httptest.NewServer(newAPIs(w.standin.URL))
	env.Defer(apis.Close)
	secrets := &store{counts: map[string]int{}, last: map[string][]byte{}}
	server := httptest.NewServer(secrets)
	env.Defer(server.Close)
	env.Values[storeKey{}] = secrets
	env.Setenv("GOTO_STORIES_STORE", server.URL)
	if err := os.CopyFS(filepath.Join(env.WorkDir, "examples"), os.DirFS(examplesDir)); err != nil {
		return err
	}
	return replaceAddresses(env.WorkDir, strings.NewReplacer(
		"https://api.goto.com", apis.URL,
		"https://api.getgo.com", apis.URL,
		`"https://example.com"`, strconv.Quote(standin.RedirectURI),
		`"http://localhost:8976/callback"`, strconv.Quote(standin.RedirectURI),
	))
}

// replaceAddresses replaces the addresses in all configurations below dir and completes the configurations.
func replaceAddresses(dir string, addresses *strings.Replacer) error {
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".tf" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(addresses.Replace(string(text))), 0o600)
	})
	if err != nil {
		return err
	}
	return completeConfigurations(dir)
}

// newAPIs returns a handler for the APIs that the examples call. It forwards requests for the APIs of the stand-in
// and answers the others itself.
func newAPIs(standinURL string) http.Handler {
	const number = `{"id":"358e38be-e468-11eb-1a03-0242ac140103","number":"+15145552672","name":"Front desk"}`
	target, _ := url.Parse(standinURL) // valid, because the stand-in listens there
	mux := http.NewServeMux()
	mux.Handle("GET /admin/rest/v1/me", httputil.NewSingleHostReverseProxy(target))
	mux.Handle("GET /users/v1/users", account(standinURL,
		`{"items":[{"userKey":"`+standin.UserKey+`","lines":[{"number":"1000"},{"number":"1001"}]}]}`))
	mux.Handle("GET /voice-admin/v1/phone-numbers", account(standinURL, `{"items":[`+number+`]}`))
	mux.Handle("GET /voice-admin/v1/phone-numbers/358e38be-e468-11eb-1a03-0242ac140103", account(standinURL, number))
	return mux
}

// account answers requests that have a valid token and the key of the default account.
func account(standinURL, reply string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := askMe(r.Context(), standinURL, r.Header.Get("Authorization")); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		if r.URL.Query().Get("accountKey") != standin.AccountKey {
			http.Error(w, "accountKey", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, reply)
	})
}

// store receives the secrets that stub writes. It keeps them in memory, never in a file.
type store struct {
	mu     sync.Mutex
	counts map[string]int
	last   map[string][]byte
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	value, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := path.Base(r.URL.Path)
	s.counts[name]++
	s.last[name] = value
	w.WriteHeader(http.StatusNoContent)
}

func (s *store) lookUp(name string) (count int, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[name], s.last[name]
}

func edit(ts *testscript.TestScript, _ *world, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	before := ts.ReadFile(args[0])
	if !strings.Contains(before, args[1]) {
		ts.Fatalf("%s does not contain %s", args[0], args[1])
	}
	after := strings.ReplaceAll(before, args[1], args[2])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o600))
}

func checkStored(ts *testscript.TestScript, w *world, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: stored RESOURCE NUMBER")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	secrets, ok := ts.Value(storeKey{}).(*store)
	if !ok {
		ts.Fatalf("this story has no store")
	}
	count, value := secrets.lookUp(args[0])
	if count != want {
		ts.Fatalf("written %d times", count)
	}
	var stored struct {
		AccessToken string `json:"access_token"`
		ExpiresAt   string `json:"expires_at"`
	}
	ts.Check(json.Unmarshal(value, &stored))
	if stored.ExpiresAt == "" {
		ts.Fatalf("the expiry of the token is not stored")
	}
	ts.Check(askMe(context.Background(), w.standin.URL, "Bearer "+stored.AccessToken))
}

// checkStoredAgain applies repeatedly because the versions in the examples have a resolution of one second.
func checkStoredAgain(ts *testscript.TestScript, _ *world, args []string) {
	secrets, ok := ts.Value(storeKey{}).(*store)
	if !ok || len(args) != 1 {
		ts.Fatalf("usage: stored-again RESOURCE")
	}
	before, _ := secrets.lookUp(args[0])
	for range 50 {
		ts.Check(ts.Exec("tf", "apply", "-auto-approve"))
		switch count, _ := secrets.lookUp(args[0]); count {
		case before: // planned within the same second
		case before + 1:
			return
		default:
			ts.Fatalf("one apply wrote %d times", count-before)
		}
	}
	ts.Fatalf("not written again")
}

// askMe returns an error unless the stand-in accepts the bearer token in the given header.
func askMe(ctx context.Context, standinURL, authorizationHeader string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, standinURL+"/admin/rest/v1/me", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", authorizationHeader)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET Me: %s", response.Status)
	}
	return nil
}
