using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The environment of one component.</summary>
internal sealed class LocalHost : LocalEnvironment, IHost
{
    public LocalHost(LocalEnvironment parent, string name, Random random)
        : base(parent, name, random)
    {
    }

    public Random Rand => Random;

    public override string ContextDescription => FullName;
}
