package stories

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin/faults"
)

// clients maps the IDs of the OAuth clients that every stand-in knows to their secrets. The first secret
// is the one in GoTo's guide; the second contains characters that every encoding changes.
var clients = map[string]string{
	standin.ClientID: standin.ClientSecret,
	"guide-client":   "3naO10IA2agcvG+9I9TGEQ==",
	"odd-client":     "50%:schlüssel/日本+%41==",
}

// world is the environment of one story.
type world struct {
	programs
	standin *standin.Server
	// offset is the time by which the clocks of the stand-in and of laterprovider are ahead.
	offset   atomic.Int64
	clientID string
	held     *gate // nil unless token requests or their answers are held
	tmp      string
	// bucket, its store, and its name are unset unless the token cache is in a bucket.
	bucket     *bucket.Bucket
	store      *servers.Server
	bucketName string
	// secrets is a file with the secrets passed to commands, see [runAndKeep].
	secrets string
	// faultStory and site belong to stories of the table of faults.
	faultStory faultStory
	site       *faults.Site
	started    time.Time // the stopwatch
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world {
	w, ok := ts.Value(worldKey{}).(*world)
	if !ok {
		ts.Fatalf("this story has no world")
	}
	return w
}

func setUpWorld(env *testscript.Env, built programs) error {
	w := &world{programs: built, clientID: standin.ClientID}
	options := []standin.Option{
		standin.WithClock(func() time.Time { return time.Now().Add(time.Duration(w.offset.Load())) }),
		standin.WithClient(standin.ClientID, standin.ClientSecret), // the first is the default
	}
	for id, secret := range clients {
		if id != standin.ClientID {
			options = append(options, standin.WithClient(id, secret))
		}
	}
	var err error
	if w.standin, err = standin.Start(options...); err != nil {
		return err
	}
	env.Defer(func() { _ = w.standin.Close() })
	// Providers create sockets here. Their paths must be short, and $WORK is too long on some systems.
	if w.tmp, err = os.MkdirTemp("", "goto"); err != nil {
		return err
	}
	env.Defer(func() { _ = os.RemoveAll(w.tmp) })
	private, err := os.MkdirTemp("", "goto") // where the search for leaks does not look
	if err != nil {
		return err
	}
	env.Defer(func() { _ = os.RemoveAll(private) })
	w.secrets = filepath.Join(private, "secrets")
	t := env.T()
	env.Defer(func() {
		if found, err := w.leaks(env.WorkDir); err != nil || len(found) > 0 {
			t.Fatal("secrets leaked, or the search failed: ", err, "\n", strings.Join(found, "\n"))
		}
	})
	if err := completeConfigurations(env.WorkDir); err != nil {
		return err
	}
	output := filepath.Join(env.WorkDir, ".output")
	if err := os.Mkdir(output, 0o700); err != nil {
		return err
	}
	env.Values[worldKey{}] = w
	for name, value := range map[string]string{
		"HOME":    env.WorkDir,
		"TMPDIR":  w.tmp,
		"CLI":     w.cli,
		"OUTPUT":  output,
		"SECRETS": w.secrets,

		"TF_CLI_CONFIG_FILE": w.config,
		"TF_CLI_ARGS":        "-no-color",
		"TF_INPUT":           "0",
		"TF_IN_AUTOMATION":   "1",
		"CHECKPOINT_DISABLE": "1",
		"TF_LOG_PROVIDER":    "TRACE", // the story no-leak has the logs of the command line, too, which are large
		"TF_LOG_PATH":        filepath.Join(env.WorkDir, "trace.log"),

		"GOTO_TOKEN_CACHE": "file://" + filepath.ToSlash(filepath.Join(env.WorkDir, "cache")),
		"TF_VAR_api_url":   w.standin.URL,
	} {
		env.Setenv(name, value)
	}
	env.Vars = append(env.Vars, w.standin.Environment()...)
	return nil
}

// gate makes requests wait until it opens.
type gate struct {
	arrived, open, abandoned               chan struct{}
	markArrived, markOpened, markAbandoned sync.Once
}

func newGate() *gate {
	return &gate{arrived: make(chan struct{}), open: make(chan struct{}), abandoned: make(chan struct{})}
}

func (g *gate) arrive()  { g.markArrived.Do(func() { close(g.arrived) }) }
func (g *gate) openNow() { g.markOpened.Do(func() { close(g.open) }) }

// wait returns once the gate is open or the client has disconnected.
func (g *gate) wait(r *http.Request) {
	g.arrive()
	select {
	case <-g.open:
	case <-r.Context().Done():
		g.markAbandoned.Do(func() { close(g.abandoned) })
	}
}

// startBarrier returns a server that answers no request until the expected number have arrived.
func startBarrier(expected int) *httptest.Server {
	var count atomic.Int64
	g := newGate()
	return httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if count.Add(1) >= int64(expected) {
			g.openNow()
		}
		g.wait(r)
	}))
}
