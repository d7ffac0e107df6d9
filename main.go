// Command terraform-provider-goto serves the GoTo provider to Terraform and OpenTofu.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
)

// version is set at link time: -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger and print the TF_REATTACH_PROVIDERS to run the CLI with")
	flag.Parse()
	if !*debug { // with -debug, the terminal shows the log
		if err := provider.SilenceLogs(os.Getenv, os.Setenv); err != nil {
			log.Fatal(err)
		}
	}

	first, second := interrupts()
	err := providerserver.Serve(context.Background(), provider.New(version, provider.WithInterrupt(first, second)), providerserver.ServeOpts{
		Address: "registry.terraform.io/terraform-goto/goto",
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}

// interrupts returns contexts that end at the first and the second Ctrl-C, or at the signals that CI systems and
// terminals send instead. These signals reach every process of a terminal or job. The provider handles them itself,
// because Terraform does not forward them to providers during the plan of an apply.
func interrupts() (first, second context.Context) {
	first, endFirst := context.WithCancel(context.Background())
	second, endSecond := context.WithCancel(context.Background())
	go func() {
		signals := make(chan os.Signal, 2)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) // here, because it takes 0.5 ms
		<-signals
		endFirst()
		<-signals
		endSecond()
		signal.Stop(signals) // a third one has its default effect
	}()
	return first, second
}
