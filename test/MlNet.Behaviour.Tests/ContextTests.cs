using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace MlNet.Behaviour.Tests;

public sealed class ContextTests
{
    private readonly MLContext _ml = new(1);
    private readonly List<LoggingEventArgs> _log = [];

    public ContextTests() => _ml.Log += (_, e) => _log.Add(e);

    [Fact]
    public void Log_GetsWhatAComponentSays()
    {
        IHost host = Environment(_ml).Register("FeatureMining");
        using (IChannel channel = host.Start("Training"))
        {
            channel.Info(MessageSensitivity.None, "x {0}", 5);
            channel.Warning(MessageSensitivity.UserData, "{braces}");
        }

        Assert.All(_log, e => Assert.Equal("FeatureMining; Training", e.Source));
        Assert.Equal(
            [ChannelMessageKind.Trace, ChannelMessageKind.Info, ChannelMessageKind.Warning, ChannelMessageKind.Trace, ChannelMessageKind.Trace],
            _log.Select(e => e.Kind));
        Assert.Equal("Channel started", _log[0].RawMessage);
        Assert.Equal("x 5", _log[1].RawMessage);
        Assert.Equal("[Source=FeatureMining; Training, Kind=Info] x 5", _log[1].Message);
        Assert.Equal("{braces}", _log[2].RawMessage);
        Assert.StartsWith("Channel finished. Elapsed 00:00:0", _log[3].RawMessage);
        Assert.Equal("Channel disposed", _log[4].RawMessage);
    }

    [Fact]
    public void Log_SourcesOfChildrenAndOfTheContextItself()
    {
        IHostEnvironment env = Environment(_ml);
        using (env.Start("Alone"))
        using (env.Register("Parent").Register("Child").Start("Deep"))
        using (env.Register("Parent").Register("Child").Register("Grandchild").Start("Deeper"))
        {
        }

        Assert.Equal(["Alone", "Child; Deep", "Parent; Grandchild; Deeper"], _log.Select(e => e.Source).Distinct());
    }

    [Fact]
    public void Log_ProgressChannels_AreSilent()
    {
        using (IProgressChannel progress = Environment(_ml).StartProgressChannel("p"))
        {
            progress.SetHeader(new ProgressHeader(["loss"], ["epochs"]), e => e.SetProgress(0, 1, 2));
            progress.Checkpoint(1, 2);
        }

        Assert.Empty(_log);
    }

    [Fact]
    public void Channel_EmptyMessage_Throws()
    {
        using IChannel channel = Environment(_ml).Start("c");

        Assert.Throws<ArgumentOutOfRangeException>(() => channel.Info(MessageSensitivity.None, ""));
    }

    [Fact]
    public void Rand_FollowsTheSeedAndTheOrderOfRegistering()
    {
        IHostEnvironment env = Environment(new MLContext(42));
        IHost first = env.Register("a");
        IHost second = env.Register("b");

        Assert.Equal(Expected.FirstHost42, Enumerable.Range(0, 4).Select(_ => first.Rand.Next(1000)));
        Assert.Equal(Expected.SecondHost42, Enumerable.Range(0, 4).Select(_ => second.Rand.Next(1000)));
        IHost seeded = env.Register("c", seed: 7);
        Assert.Equal(Expected.SeededHost7, Enumerable.Range(0, 4).Select(_ => seeded.Rand.NextDouble()));
        Random mixed = Environment(new MLContext(42)).Register("a").Rand;
        var bytes = new byte[4];
        Assert.Equal((10, 362456825), (mixed.Next(-50, 50), mixed.Next()));
        mixed.NextBytes(bytes);
        Assert.Equal([221, 147, 128, 183], bytes);
    }

    [Fact]
    public void Settings_HaveTheseDefaults_AndReachHosts()
    {
        Assert.Null(_ml.GpuDeviceId);
        Assert.False(_ml.FallbackToCpu);
        Assert.Equal(Path.GetTempPath(), _ml.TempFilePath);
        _ml.GpuDeviceId = 1;
        _ml.FallbackToCpu = true;
        IHost host = Environment(_ml).Register("h");

        Type settings = typeof(IHost).Assembly.GetType("Microsoft.ML.Runtime.IHostEnvironmentInternal", true);
        Assert.Equal(1, settings.GetProperty("GpuDeviceId").GetValue(host));
        Assert.Equal(true, settings.GetProperty("FallbackToCpu").GetValue(host));
        Assert.Equal(1, settings.GetProperty("Seed").GetValue(host));
    }

    [Fact]
    public void CancelExecution_ReachesHostsBeforeAndAfter()
    {
        IHostEnvironment env = Environment(_ml);
        IHost before = env.Register("before");
        IHost child = before.Register("child");
        Assert.False(IsCanceled(before));
        typeof(MLContext).GetMethod("CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic).Invoke(_ml, null);

        Assert.True(IsCanceled(before));
        Assert.True(IsCanceled(child));
        Assert.True(IsCanceled(env.Register("after")));
    }

    [Fact]
    public void Trainers_LeadToTheEnvironment()
    {
        IHostEnvironment env = Environment(Owner(_ml.MulticlassClassification.Trainers));

        Assert.Equal("Microsoft.ML.Data.LocalEnvironment", env.GetType().FullName);
        Assert.Same(_ml.ComponentCatalog, env.ComponentCatalog);
    }

    [Fact]
    public void Register_EmptyName_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => Environment(_ml).Register(""));

    [Fact]
    public void SchemaShape_RefusesUninitializedColumns()
    {
        Assert.Equal("columns", Assert.Throws<ArgumentOutOfRangeException>(() => new SchemaShape([default])).ParamName);
        Assert.Equal("columns", Assert.Throws<ArgumentNullException>(() => new SchemaShape(null)).ParamName);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Owner")]
    private static extern TrainCatalogBase Owner(TrainCatalogBase.CatalogInstantiatorBase catalog);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Environment")]
    private static extern IHostEnvironment Environment(TrainCatalogBase catalog);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_IsCanceled")]
    private static extern bool IsCanceled([UnsafeAccessorType("Microsoft.ML.Runtime.ICancelable, Microsoft.ML.Core")] object host);

    private static IHostEnvironment Environment(MLContext ml) => ml;
}
