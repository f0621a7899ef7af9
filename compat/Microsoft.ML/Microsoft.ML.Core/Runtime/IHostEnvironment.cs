namespace Microsoft.ML.Runtime;

/// <summary>What components share: messages, random numbers, the catalog of loadable classes.</summary>
public interface IHostEnvironment : IChannelProvider, IProgressChannelProvider
{
    ComponentCatalog ComponentCatalog { get; }

    /// <summary>A child for one component. Each call draws from this environment's random numbers, unless <paramref name="seed"/> is given.</summary>
    IHost Register(string name, int? seed = null, bool? verbose = null);
}
