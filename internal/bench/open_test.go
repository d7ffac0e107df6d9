package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-goto/terraform-provider-goto/internal/bench/constant"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// opener is a provider in this process, as the command line speaks to it.
type opener struct {
	testing.TB
	server  tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

// newOpener returns a configured provider.
func newOpener(tb testing.TB, made func() frameworkprovider.Provider) *opener {
	tb.Helper()
	server, err := providerserver.NewProtocol6WithError(made())()
	if err != nil {
		tb.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(tb.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		tb.Fatal(err)
	}
	configuration, err := arguments{}.of(schemas.Provider)
	if err != nil {
		tb.Fatal(err)
	}
	configured, err := server.ConfigureProvider(tb.Context(), &tfprotov6.ConfigureProviderRequest{Config: configuration})
	if err != nil || len(configured.Diagnostics) > 0 {
		tb.Fatal(err, configured)
	}
	return &opener{tb, server, schemas}
}

// open opens a goto_access_token.
func (o *opener) open(given arguments) {
	configuration, err := given.of(o.schemas.EphemeralResourceSchemas["goto_access_token"])
	if err != nil {
		o.Fatal(err)
	}
	opened, err := o.server.OpenEphemeralResource(o.Context(),
		&tfprotov6.OpenEphemeralResourceRequest{TypeName: "goto_access_token", Config: configuration})
	if err != nil || len(opened.Diagnostics) > 0 {
		o.Fatal(err, opened.Diagnostics)
	}
}

// benchWorld is a world in which mistakes end the benchmark.
type benchWorld struct {
	testing.TB
	*world
}

func newBenchWorld(tb testing.TB) benchWorld {
	tb.Helper()
	w, err := newWorld(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.close)
	return benchWorld{tb, w}
}

// provider returns the real provider, in a state in which it has sent nothing yet.
func (w benchWorld) provider() *opener {
	variables := map[string]string{}
	for _, variable := range w.variables {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
	}
	return newOpener(w, provider.New("bench", provider.WithEnvironment(func(name string) string { return variables[name] })))
}

// grants makes a new credential of each kind.
var grants = map[string]func(benchWorld) arguments{
	"code": func(w benchWorld) arguments {
		return arguments{"code": w.standin.IssueCode(standin.CodeRequest{ClientID: standin.ClientID, Principal: standin.Principal})}
	},
	"refresh_token": func(w benchWorld) arguments { return arguments{"refresh_token": w.standin.IssueRefreshToken()} },
	"personal_access_token": func(w benchWorld) arguments {
		return arguments{"personal_access_token": w.standin.IssuePersonalAccessToken()}
	},
}

func BenchmarkColdOpen(b *testing.B) {
	for name, issue := range grants {
		b.Run(name, func(b *testing.B) { openCold(b, newBenchWorld(b), issue) })
	}
}

// openCold measures opening with a credential that no provider has seen.
func openCold(b *testing.B, w benchWorld, issue func(benchWorld) arguments) {
	for b.Loop() {
		b.StopTimer()
		given, cold := issue(w), w.provider() // which has not used up its requests for this second
		b.StartTimer()
		cold.open(given)
	}
}

func BenchmarkWarmOpen(b *testing.B) {
	for name, issue := range grants {
		b.Run(name, func(b *testing.B) { openWarm(b, newBenchWorld(b), issue) })
	}
}

// openWarm measures opening with a credential whose token is in the cache.
func openWarm(b *testing.B, w benchWorld, issue func(benchWorld) arguments) {
	given, warm := issue(w), w.provider()
	warm.open(given)
	for b.Loop() {
		warm.open(given)
	}
}

// BenchmarkConstantOpen is the floor of every opening.
func BenchmarkConstantOpen(b *testing.B) {
	floor := newOpener(b, constant.New)
	for b.Loop() {
		floor.open(nil)
	}
}

// BenchmarkPOST is the floor of every cold opening: the request alone, on a connection of its own, as
// a process that has just started sends it.
func BenchmarkPOST(b *testing.B) {
	w := newBenchWorld(b)
	client := oauth.NewHTTPClient(30 * time.Second)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {w.standin.IssueRefreshToken()}}.Encode()
	for b.Loop() {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, w.standin.URL+"/oauth/token", strings.NewReader(form))
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.SetBasicAuth(standin.ClientID, standin.ClientSecret)
		response, err := client.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
			b.Fatal(err, response.Status)
		}
	}
}

// BenchmarkEntries opens beside many other entries in the cache.
func BenchmarkEntries(b *testing.B) {
	for _, count := range []int{1, 1000, 100_000} {
		w := newBenchWorld(b)
		w.provider().open(grants["refresh_token"](w)) // makes the directory, and prunes
		if err := fill(w.cache(), count); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("warm/%d", count), func(b *testing.B) { openWarm(b, w, grants["refresh_token"]) })
		b.Run(fmt.Sprintf("cold/%d", count), func(b *testing.B) { openCold(b, w, grants["refresh_token"]) })
	}
}

// fill puts that many entries of others into directory, with their lock files.
func fill(directory string, count int) error {
	for i := range count {
		key := hex.EncodeToString(fmt.Appendf(nil, "%032d", i))
		if err := os.WriteFile(filepath.Join(directory, key+".lock"), nil, 0o600); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(directory, key+".v2"), make([]byte, 1024), 0o600); err != nil {
			return err
		}
	}
	return nil
}
