using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Where every use of ML.NET starts: the catalogs, the settings, and what is said meanwhile.</summary>
public sealed class MLContext : IHostEnvironmentInternal
{
    private readonly LocalEnvironment _env;

    public MLContext(int? seed = null)
    {
        _env = new LocalEnvironment(seed);
        _env.Messages += (source, message) => Log?.Invoke(this, new LoggingEventArgs(message.Message, message.Kind, source));
        Data = new DataOperationsCatalog(_env);
        Transforms = new TransformsCatalog(_env);
        Model = new ModelOperationsCatalog(_env);
        MulticlassClassification = new MulticlassClassificationCatalog(_env);
    }

    /// <summary>Every message of every component.</summary>
    public event EventHandler<LoggingEventArgs> Log;

    public DataOperationsCatalog Data { get; }

    public TransformsCatalog Transforms { get; }

    public ModelOperationsCatalog Model { get; }

    public MulticlassClassificationCatalog MulticlassClassification { get; }

    public ComponentCatalog ComponentCatalog => _env.ComponentCatalog;

    /// <summary>Where models are unpacked while they are loaded.</summary>
    public string TempFilePath
    {
        get => _env.TempFilePath;
        set => _env.TempFilePath = value;
    }

    public bool FallbackToCpu
    {
        get => _env.FallbackToCpu;
        set => _env.FallbackToCpu = value;
    }

    public int? GpuDeviceId
    {
        get => _env.GpuDeviceId;
        set => _env.GpuDeviceId = value;
    }

    int? IHostEnvironmentInternal.Seed => _env.Seed;

    string IExceptionContext.ContextDescription => _env.ContextDescription;

    TException IExceptionContext.Process<TException>(TException ex) => _env.Process(ex);

    IHost IHostEnvironment.Register(string name, int? seed, bool? verbose) => _env.Register(name, seed, verbose);

    IChannel IChannelProvider.Start(string name) => _env.Start(name);

    IPipe<TMessage> IChannelProvider.StartPipe<TMessage>(string name) => _env.StartPipe<TMessage>(name);

    IProgressChannel IProgressChannelProvider.StartProgressChannel(string name) => _env.StartProgressChannel(name);

    internal void CancelExecution() => _env.CancelExecution();
}
