namespace Microsoft.ML;

/// <summary>The parameters of a loader of models.</summary>
internal delegate void SignatureLoadModel(ModelLoadContext ctx);
