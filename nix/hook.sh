# Only exports: a hook that prints breaks every pipeline, one that writes changes the tree.

# Mix and Hex keep to the project
export MIX_ENV="dev"
export HEX_HOME="$PWD/.hex"
export MIX_ARCHIVES="$PWD/.mix/archives"

# Node.js, for Phoenix assets
export NODE_PATH="$PWD/node_modules"
export PATH="$PWD/node_modules/.bin:$PATH"

# Local language models
export OLLAMA_HOST="http://localhost:11434"
export LMSTUDIO_HOST="http://localhost:1234/v1"

# Defaults of the model profiles; one Apple Silicon machine is one device
export MLX_TENSOR_PARALLEL="1"
export MLX_MAX_GPUS="1"
export MLX_VRAM_LIMIT="45000000000"

# Shims of asdf, where a project keeps them
export PATH="$PWD/.asdf-shims:$PATH"
