package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
)

// programs are what is measured: the provider built as for a release, the floor built alike, each with
// a command line that finds it, and the benchmarks of this package.
type programs struct {
	ours, floor       string
	oursCLI, floorCLI commandLine
	benchmarkBinary   string
	schemas           *tfprotov6.GetProviderSchemaResponse // of both providers
}

func buildPrograms(ctx context.Context, cli, directory string) (p programs, err error) {
	const module = "github.com/terraform-goto/terraform-provider-goto"
	p.ours = filepath.Join(directory, "ours", "terraform-provider-goto")
	p.floor = filepath.Join(directory, "floor", "terraform-provider-goto")
	p.benchmarkBinary = filepath.Join(directory, "benchmarks.test")
	for _, arguments := range [][]string{
		{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", p.ours, module},
		{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", p.floor, module + "/internal/bench/floor"},
		{"test", "-c", "-o", p.benchmarkBinary, module + "/internal/bench"},
	} {
		command := exec.CommandContext(ctx, "go", arguments...)
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := command.CombinedOutput(); err != nil {
			return p, fmt.Errorf("building: %w\n%s", err, output)
		}
	}
	if p.oursCLI, err = newCommandLine(cli, p.ours, directory); err != nil {
		return p, err
	}
	if p.floorCLI, err = newCommandLine(cli, p.floor, directory); err != nil {
		return p, err
	}
	server, err := providerserver.NewProtocol6WithError(provider.New("bench")())()
	if err != nil {
		return p, err
	}
	p.schemas, err = server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	return p, err
}
