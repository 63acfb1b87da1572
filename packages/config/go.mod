module openhouse.example/packages/config

go 1.26.0

require github.com/kelseyhightower/envconfig v1.4.0
