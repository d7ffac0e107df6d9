package oauth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// proxyReport is what a process with a proxy in its environment found.
type proxyReport struct {
	Outcome oauth.Outcome
	Reason  string
	Printed string
}

// The environment's proxy is read once per process, so every case gets a process of its own.
const proxyGrant = "OAUTH_TEST_PROXY_GRANT"

func TestProxyProcess(t *testing.T) {
	t.Parallel()

	grantType := os.Getenv(proxyGrant)
	if grantType == "" {
		t.Skip("runs as a process of the other proxy tests only")
	}
	grant := codeGrant
	if grantType == string(refreshing.Type) {
		grant = refreshing
	}
	var report proxyReport
	endpoint := newEndpoint(t, "https://goto.invalid")
	endpoint.HTTP = httpclient.New(10 * time.Second)
	dial := transport(t, endpoint).DialContext
	transport(t, endpoint).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasPrefix(address, "127.0.0.1:") {
			return nil, errDial // asks no name server
		}
		return dial(ctx, network, address)
	}
	_, err := endpoint.Token(t.Context(), theClient, grant, ready)
	if failure, isTokenError := errors.AsType[*oauth.TokenError](err); isTokenError {
		report.Outcome, report.Reason = failure.Outcome, failure.Reason
		checkNoLeak(t, "the error", err)
	}
	report.Printed = err.Error()
	encoded, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(os.Getenv(proxyGrant+"_REPORT"), encoded, 0o600); err != nil {
		t.Fatal(err)
	}
}

func askThroughProxy(t *testing.T, grant oauth.Grant, proxy string) proxyReport {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/report.json"
	command := exec.CommandContext(t.Context(), executable, "-test.run=^TestProxyProcess$")
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); !strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "HTTPS_PROXY="+proxy, proxyGrant+"="+string(grant.Type), proxyGrant+"_REPORT="+file)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	encoded, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report proxyReport
	if err := json.Unmarshal(encoded, &report); err != nil {
		t.Fatal(err)
	}
	return report
}

func TestProxyIsUsed(t *testing.T) {
	t.Parallel()

	for _, grant := range []oauth.Grant{codeGrant, refreshing} {
		var mutex sync.Mutex
		var asked []string
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mutex.Lock()
			defer mutex.Unlock()
			asked = append(asked, r.Method+" "+r.Host+" "+r.Header.Get("Authorization")+r.Header.Get("Proxy-Authorization"))
			w.WriteHeader(http.StatusForbidden)
		}))
		t.Cleanup(proxy.Close)
		report := askThroughProxy(t, grant, strings.Replace(proxy.URL, "//", "//user:hunter2@", 1))
		if report.Outcome != oauth.NotSent || report.Reason != "Forbidden" {
			t.Errorf("%s: outcome %d, %s", grant.Type, report.Outcome, report.Reason)
		}
		connect := "CONNECT goto.invalid:443 Basic " + base64.StdEncoding.EncodeToString([]byte("user:hunter2"))
		if diff := cmp.Diff([]string{connect, connect, connect}, asked); diff != "" {
			t.Errorf("%s: the proxy was asked (-want +got):\n%s", grant.Type, diff)
		}
	}
}

func TestRefusedProxy(t *testing.T) {
	t.Parallel()

	address := refusing(t)
	report := askThroughProxy(t, codeGrant, "http://user:hunter2@"+address)
	if want := "proxyconnect tcp: dial tcp " + address + ": connect"; report.Outcome != oauth.NotSent || !strings.HasPrefix(report.Reason, want) || !strings.Contains(report.Reason, "refused") {
		t.Errorf("outcome %d, %s", report.Outcome, report.Printed)
	}
}

// Go passes over what it cannot read as a proxy's address, or reads it as another one.
func TestUnreadableProxy(t *testing.T) {
	t.Parallel()

	for _, address := range []string{
		"http://user:hunter2@[::1", "http://us%er:hunter2@proxy", "://user:hunter2@proxy:hunter2",
		"http://user:hunter2#@proxy", "http:/user:hunter2@proxy", "gopher://user:hunter2@127.0.0.1:1",
	} {
		report := askThroughProxy(t, codeGrant, address)
		if report.Outcome != oauth.NotSent || strings.Contains(report.Printed, "hunter2") || !strings.Contains(report.Printed, "refused") {
			t.Errorf("%s: outcome %d, %s", address, report.Outcome, report.Printed)
		}
	}
}
