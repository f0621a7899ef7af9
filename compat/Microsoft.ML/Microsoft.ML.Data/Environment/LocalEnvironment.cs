using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The environment inside a context, or (see <see cref="LocalHost"/>) inside one of its components.</summary>
internal class LocalEnvironment : IHostEnvironmentInternal, ICancelable
{
    private readonly LocalEnvironment _parent;
    private readonly LocalEnvironment _root;
    private readonly string _shortName;
    private bool _canceled;

    public LocalEnvironment(int? seed)
    {
        _root = this;
        Seed = seed;
        Random = TauswortheHybrid.Create(seed);
        ComponentCatalog = new ComponentCatalog();
        TempFilePath = Path.GetTempPath();
    }

    protected LocalEnvironment(LocalEnvironment parent, string shortName, Random random)
    {
        _parent = parent;
        _root = parent._root;
        _shortName = shortName;

        // The source of a message names one level of hosts, however deep they nest.
        FullName = parent._parent?.FullName is { } outer ? $"{outer}; {shortName}" : shortName;
        Random = random;
        Seed = parent.Seed;
        ComponentCatalog = parent.ComponentCatalog;
        TempFilePath = parent.TempFilePath;
        FallbackToCpu = parent.FallbackToCpu;
        GpuDeviceId = parent.GpuDeviceId;
    }

    /// <summary>What every channel of the context says, with the channel's name.</summary>
    public event Action<string, ChannelMessage> Messages;

    public string FullName { get; }

    public int? Seed { get; }

    public string TempFilePath { get; set; }

    public bool FallbackToCpu { get; set; }

    public int? GpuDeviceId { get; set; }

    public ComponentCatalog ComponentCatalog { get; }

    public virtual string ContextDescription => "HostEnvironment";

    public bool IsCanceled => _canceled || _parent?.IsCanceled == true;

    protected Random Random { get; }

    public void CancelExecution() => _canceled = true;

    public IHost Register(string name, int? seed = null, bool? verbose = null)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        lock (Random)
            return new LocalHost(this, name, seed is null ? new TauswortheHybrid(Random) : TauswortheHybrid.Create(seed));
    }

    public IChannel Start(string name) => new Channel(this, name);

    public IPipe<TMessage> StartPipe<TMessage>(string name) => new Pipe<TMessage>(this);

    public IProgressChannel StartProgressChannel(string name)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        return new SilentProgressChannel();
    }

    public TException Process<TException>(TException ex)
        where TException : Exception
    {
        ex.Data["Throwing component"] = _shortName ?? "Environment";
        return ex;
    }

    internal void Dispatch(string source, ChannelMessage message) => _root.Messages?.Invoke(source, message);
}
