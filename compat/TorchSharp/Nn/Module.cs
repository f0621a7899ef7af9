using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Named parameters, buffers and submodules, whatever a module computes with them.</summary>
        public partial class Module : IDisposable
        {
            private readonly OrderedDictionary<string, Module> _modules = [];
            private readonly OrderedDictionary<string, Parameter> _parameters = [];
            private readonly OrderedDictionary<string, (Tensor Value, bool Persistent)> _buffers = [];
            private bool _disposed;

            protected string? name;

            protected Module(string name) => this.name = name;

            ~Module() => Dispose(false);

            public bool training { get; private set; } = true;

            public virtual string GetName() => string.IsNullOrEmpty(name) ? GetType().Name : name;

            public virtual void train(bool train = true)
            {
                training = train;
                foreach ((_, Module child) in named_children()) child.train(train);
            }

            public virtual void eval() => train(false);

            public virtual Module apply(Action<Module> fn)
            {
                foreach (Module child in _modules.Values) child.apply(fn);
                fn(this);
                return this;
            }

            public virtual IEnumerable<(string name, Module module)> named_children() => _modules.Select(pair => (pair.Key, pair.Value));

            public virtual IEnumerable<Module> children() => named_children().Select(child => child.module);

            /// <summary>All modules below this one: first the children, then theirs.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach ((string name, Module child) in named_children()) yield return (name, child);
                foreach ((string name, Module child) in named_children())
                {
                    foreach ((string below, Module module) in child.named_modules()) yield return ($"{name}.{below}", module);
                }
            }

            public virtual IEnumerable<Module> modules() => named_modules().Select(pair => pair.module);

            /// <summary>Each parameter once, under the first of its names.</summary>
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
                Distinct(_parameters.Select(pair => (pair.Key, pair.Value)), recurse, child => child.named_parameters());

            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(pair => pair.parameter);

            /// <summary>Each persistent buffer once: the real library leaves the others out whatever include_nonpersistent says.</summary>
            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true) =>
                Distinct(
                    _buffers.Where(pair => pair.Value.Persistent).Select(pair => (pair.Key, pair.Value.Value)),
                    recurse,
                    child => child.named_buffers(true, include_nonpersistent));

            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(pair => pair.buffer);

            public virtual Parameter? get_parameter(string target) => Find(target, (module, name) => module._parameters.GetValueOrDefault(name));

            public virtual Tensor? get_buffer(string target) => Find(target, (module, name) => module._buffers.GetValueOrDefault(name).Value);

            public virtual bool has_parameter(string target) => get_parameter(target) is not null;

            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            /// <summary>Lets go of the gradients, or fills them with zeros in place.</summary>
            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (Parameter parameter in parameters())
                {
                    using Tensor? gradient = parameter.grad;
                    if (gradient is null) continue;
                    if (set_to_none) parameter.grad = null;
                    else gradient.zero_().Dispose();
                }
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                if (!disposing || _disposed) return;
                _disposed = true;
                foreach ((Tensor buffer, _) in _buffers.Values) buffer.DetachFromDisposeScope().Dispose();
                foreach (Parameter parameter in _parameters.Values) parameter.DetachFromDisposeScope().Dispose();
                foreach (Module child in _modules.Values) child.Dispose();
            }

            private IEnumerable<(string Name, T Item)> Distinct<T>(
                IEnumerable<(string Name, T Item)> own, bool recurse, Func<Module, IEnumerable<(string Name, T Item)>> of)
                where T : Tensor
            {
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                foreach ((string name, T item) in own)
                {
                    if (!item.IsInvalid && seen.Add(item)) yield return (name, item);
                }
                if (!recurse) yield break;
                foreach ((string childName, Module child) in _modules)
                {
                    foreach ((string name, T item) in of(child))
                    {
                        if (seen.Add(item)) yield return ($"{childName}.{name}", item);
                    }
                }
            }

            private T? Find<T>(string target, Func<Module, string, T?> own)
                where T : class
            {
                if (own(this, target) is { } found) return found;
                int dot = target.IndexOf('.');
                if (dot < 0 || !_modules.TryGetValue(target[..dot], out Module? child)) return null;
                return child.Find(target[(dot + 1)..], own);
            }
        }
    }
}
