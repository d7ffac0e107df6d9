package provider_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// recordedServer is a provider whose diagnostics and logs, at every level, are searched for secrets. The values that it
// returns to the command line are not searched, because they are meant to contain tokens.
type recordedServer struct {
	tfprotov6.ProviderServer
	world *world
}

// recorder records the logs and diagnostics of providers.
type recorder struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

// Write implements [io.Writer].
func (r *recorder) Write(text []byte) (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.text.Write(text)
}

// checkLeaks fails the test if the logs or diagnostics contain a secret that the test has used.
func (w *world) checkLeaks() {
	w.Helper()
	secrets := append(w.server.Secrets(), w.environment["GOTO_CLIENT_SECRET"])
	w.recorder.mutex.Lock()
	defer w.recorder.mutex.Unlock()
	for _, leak := range standin.Leaks(w.recorder.text.Bytes(), secrets) {
		w.Errorf("found in logs or diagnostics: %s", leak)
	}
	if w.recorder.text.Len() == 0 {
		w.Error("nothing was logged")
	}
}

func (s recordedServer) logged(ctx context.Context) context.Context {
	return tflogtest.RootLogger(tfsdklogtest.RootLogger(ctx, &s.world.recorder), &s.world.recorder)
}

func (s recordedServer) record(diagnostics []*tfprotov6.Diagnostic) {
	_, _ = fmt.Fprintln(&s.world.recorder, diagnosticText(diagnostics)) // never fails
}

// ValidateProviderConfig implements [tfprotov6.ProviderServer].
func (s recordedServer) ValidateProviderConfig(ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	resp, err := s.ProviderServer.ValidateProviderConfig(s.logged(ctx), req)
	s.record(resp.Diagnostics)
	return resp, err
}

// ConfigureProvider implements [tfprotov6.ProviderServer].
func (s recordedServer) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := s.ProviderServer.ConfigureProvider(s.logged(ctx), req)
	s.record(resp.Diagnostics)
	return resp, err
}

// ValidateDataResourceConfig implements [tfprotov6.ProviderServer].
func (s recordedServer) ValidateDataResourceConfig(ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	resp, err := s.ProviderServer.ValidateDataResourceConfig(s.logged(ctx), req)
	s.record(resp.Diagnostics)
	return resp, err
}

// ReadDataSource implements [tfprotov6.ProviderServer].
func (s recordedServer) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := s.ProviderServer.ReadDataSource(s.logged(ctx), req)
	s.record(resp.Diagnostics)
	return resp, err
}

// ValidateEphemeralResourceConfig implements [tfprotov6.ProviderServer].
func (s recordedServer) ValidateEphemeralResourceConfig(ctx context.Context, req *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	resp, err := s.ProviderServer.ValidateEphemeralResourceConfig(s.logged(ctx), req)
	s.record(resp.Diagnostics)
	return resp, err
}

// OpenEphemeralResource implements [tfprotov6.ProviderServer].
func (s recordedServer) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	resp, err := s.ProviderServer.OpenEphemeralResource(s.logged(ctx), req)
	s.record(resp.Diagnostics)
	return resp, err
}

// CloseEphemeralResource implements [tfprotov6.ProviderServer].
func (s recordedServer) CloseEphemeralResource(ctx context.Context, req *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	resp, err := s.ProviderServer.CloseEphemeralResource(s.logged(ctx), req)
	s.record(resp.Diagnostics)
	return resp, err
}
