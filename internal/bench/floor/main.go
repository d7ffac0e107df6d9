// Command floor serves the provider that the benchmarks compare the real one with. Like the real one, it logs nothing
// unless TF_LOG_SDK says otherwise, because logging takes half of the time of an opening.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/terraform-goto/terraform-provider-goto/internal/bench/constant"
)

func main() {
	if os.Getenv("TF_LOG_SDK") == "" {
		if err := os.Setenv("TF_LOG_SDK", "OFF"); err != nil {
			log.Fatal(err)
		}
	}
	err := providerserver.Serve(context.Background(), constant.New, providerserver.ServeOpts{
		Address: "registry.terraform.io/terraform-goto/goto",
	})
	if err != nil {
		log.Fatal(err)
	}
}
